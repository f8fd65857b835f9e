/**
 * @module Public test helpers, "airflare/testing": run a DAG in this process, look at all DAGs of a folder, call a task's function alone. Loads in plain Node 24.
 */
export { DagBag } from "./testing/dag-bag.ts";
export { testContext, type TestContextOptions } from "./testing/test-context.ts";
export {
  testDag,
  type TestDagOptions,
  type TestDagRun,
  type TestMail,
  type TestLogLine,
  type TestTaskInstance,
} from "./testing/test-dag.ts";
