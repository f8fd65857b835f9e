/**
 * @module A DAG with some tasks replaced: what `testDag({ mock })` runs.
 */
import type { ExecutableDag, TaskHandler } from "../dag/executable-dag.ts";
import { branchAnswer } from "../dag/operators/branch.ts";
import { done } from "../dag/sensors/done.ts";
import { AirflareError } from "../model/error.ts";
import type { TaskSpec } from "../model/task-spec.ts";

/** Result by task id; a function is called with input and context in place of the task's own. A key with the value `undefined` counts as mocked. */
export type Mocks = Readonly<Record<string, unknown>>;

/** Throws `task_not_found` for a mock of a task that the DAG does not have. */
export function mockedDag(dag: ExecutableDag, mocks: Mocks): ExecutableDag {
  const handlers = new Map(dag.handlers);
  for (const [taskId, mock] of Object.entries(mocks)) {
    const task = dag.spec.tasks.find((candidate) => candidate.taskId === taskId);
    const handler = handlers.get(taskId);
    if (task === undefined || handler === undefined) {
      throw new AirflareError(
        "task_not_found",
        `mock names task "${taskId}", which DAG "${dag.spec.dagId}" does not have; it has ${dag.spec.tasks.map((known) => known.taskId).join(", ")}`,
        { details: { taskId } },
      );
    }
    handlers.set(taskId, { ...handler, execute: mockOf(task, handler, mock) });
  }
  return { ...dag, handlers };
}

function mockOf(task: TaskSpec, handler: TaskHandler, mock: unknown): TaskHandler["execute"] {
  const answerOf = (value: unknown): unknown => {
    if (task.kind === "branch") return branchAnswer(handler, value);
    // A mocked sensor is ready at its first poke, unless its mock says otherwise.
    return task.kind === "sensor" && typeof value !== "boolean" && typeof mock !== "function" ? done(value) : value;
  };
  if (typeof mock !== "function") return () => answerOf(mock);
  return async (input, context) => answerOf(await mock(input, context));
}
