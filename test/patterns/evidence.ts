/**
 * @module Evidence of the pattern ledger: the DAG file and the test behind each row that is shown.
 */
import { shown } from "./ledger-row.ts";

export const demo = {
  keywords: shown(
    "customer_etl_pipeline.ts",
    "patterns/basic-dag-structure.test.ts",
    "the demo repeats every DAG keyword of the document",
  ),
  defaults: shown(
    "customer_etl_pipeline.ts",
    "patterns/basic-dag-structure.test.ts",
    "every task takes the default arguments",
  ),
  sequence: shown(
    "customer_etl_pipeline.ts",
    "patterns/sequential-task-pattern.test.ts",
    "extract, transform and load are in sequence",
  ),
  data: shown(
    "customer_etl_pipeline.ts",
    "patterns/sequential-task-pattern.test.ts",
    "a task's result is the next task's input",
  ),
  run: shown(
    "customer_etl_pipeline.ts",
    "patterns/basic-dag-structure.test.ts",
    "a run loads the customers of its date, and running it again replaces them",
  ),
};
export const pools = {
  task: shown(
    "resource_pools.ts",
    "patterns/resource-pools.test.ts",
    "a task of a pool is under the pool's limit, with its slots, and the DAG loads without a warning",
  ),
  set: shown("resource_pools.ts", "patterns/resource-pools.test.ts", "pools set takes the document's words"),
};

export const parallel = {
  order: shown(
    "parallel_extraction.ts",
    "patterns/parallel-task-pattern.test.ts",
    "three extracts stand side by side between the start marker and the merge",
  ),
  markers: shown(
    "parallel_extraction.ts",
    "patterns/parallel-task-pattern.test.ts",
    "the markers are empty tasks, which need no worker",
  ),
  merge: shown(
    "parallel_extraction.ts",
    "patterns/parallel-task-pattern.test.ts",
    "the merge reads the results of all three",
  ),
};
export const branching = {
  order: shown(
    "quality_branching.ts",
    "patterns/conditional-branching-pattern.test.ts",
    "the check stands between the extract and both branches",
  ),
  taken: shown(
    "quality_branching.ts",
    "patterns/conditional-branching-pattern.test.ts",
    "with rows they are processed and the alert is skipped",
  ),
};
export const xcom = {
  byId: shown(
    "xcom_passing.ts",
    "patterns/sequential-task-pattern.test.ts",
    "transform pulls the result of extract by its id",
  ),
  byKey: shown(
    "xcom_passing.ts",
    "patterns/data-passing-with-xcom.test.ts",
    "a result is pulled by task id, a pushed value by task id and key",
  ),
  printed: shown(
    "xcom_passing.ts",
    "patterns/data-passing-with-xcom.test.ts",
    "what is printed stands in the task's log",
  ),
};
export const dynamic = {
  loop: shown(
    "dynamic_sources.ts",
    "patterns/dynamic-task-generation.test.ts",
    "a loop makes one task per source, in order, between the markers",
  ),
  opArgs: shown(
    "dynamic_sources.ts",
    "patterns/dynamic-task-generation.test.ts",
    "each task is told its source by position",
  ),
};
export const groups = {
  tooltips: shown(
    "task_groups.ts",
    "patterns/task-groups-for-organization.test.ts",
    "groups keep their tooltips, and ids inside carry the group's",
  ),
  edges: shown(
    "task_groups.ts",
    "patterns/task-groups-for-organization.test.ts",
    "an edge from group to group leads from its leaves to the other's roots",
  ),
  data: shown(
    "task_groups.ts",
    "patterns/task-groups-for-organization.test.ts",
    "the grouped tasks hand their results on",
  ),
};
export const schedules = shown(
  "schedules.ts",
  "patterns/time-based-scheduling.test.ts",
  "%s (%s): the first run covers the last full interval",
);
export const sensors = {
  waits: shown(
    "function_sensor.ts",
    "patterns/event-based-triggers.test.ts",
    "a sensor lets the pipeline go on when the object is there, and hands it on",
  ),
  times: shown(
    "function_sensor.ts",
    "patterns/event-based-triggers.test.ts",
    "it asks every poke interval and gives up after its timeout, without a retry",
  ),
  file: shown(
    "file_sensor.ts",
    "patterns/event-based-triggers.test.ts",
    "a file sensor waits in mode poke, every 60 seconds for up to an hour, until the file is in the lake",
  ),
  s3: shown(
    "s3_key_sensor.ts",
    "patterns/event-based-triggers.test.ts",
    "an S3 key sensor waits for a wildcard in a bucket, with the keys of aws_default",
  ),
  external: shown(
    "external_task_sensor.ts",
    "worker/dag/external-task.test.ts",
    "the example waits for the other DAG's task of the same logical date",
  ),
};
export const catchup = {
  off: shown(
    "catchup.ts",
    "patterns/backfill-and-catchup.test.ts",
    "catchup off makes only the run of the current interval",
  ),
  on: shown(
    "catchup.ts",
    "patterns/backfill-and-catchup.test.ts",
    "catchup on makes every run since the start date, oldest first",
  ),
  date: shown("catchup.ts", "patterns/backfill-and-catchup.test.ts", "a task works on its run's own date"),
};
export const retries = {
  policy: shown("retries.ts", "patterns/retry-configuration.test.ts", "the task keeps its own retry policy"),
  again: shown("retries.ts", "patterns/retry-configuration.test.ts", "a task that fails twice is tried a third time"),
  loop: shown("retries.ts", "patterns/retry-configuration.test.ts", "a loop inside the function counts as one attempt"),
};
export const callbacks = {
  failure: shown(
    "callbacks.ts",
    "patterns/failure-callbacks.test.ts",
    "the failure callback is called once, after the final failure, with DAG, task, date and exception",
  ),
  retry: shown(
    "callbacks.ts",
    "patterns/failure-callbacks.test.ts",
    "the retry callback comes before the next attempt, the success callback after it",
  ),
  plain: shown("callbacks.ts", "patterns/failure-callbacks.test.ts", "a callback is a plain function of its context"),
};
export const alerts = {
  sla: shown(
    "sla_monitoring.ts",
    "patterns/sla-monitoring.test.ts",
    "a task's own sla comes before that of default_args, and a callback in default_args is the DAG's",
  ),
  told: shown(
    "sla_monitoring.ts",
    "patterns/sla-monitoring.test.ts",
    "a missed SLA is told once, with Airflow's texts, and stops no task; so is a missed deadline",
  ),
  slack: shown(
    "callbacks.ts",
    "patterns/failure-callbacks.test.ts",
    "the failure callback sends an alert to Slack when the project has one",
  ),
  mail: shown(
    "customer_etl_pipeline.ts",
    "patterns/basic-dag-structure.test.ts",
    "email, email_on_failure and email_on_retry: a mail after the final failure, none for retries",
  ),
};
export const rules = {
  fine: shown(
    "trigger_rules.ts",
    "patterns/trigger-rules.test.ts",
    "when all upstream tasks succeeded, one_failed is skipped and all_done runs",
  ),
  one: shown(
    "trigger_rules.ts",
    "patterns/trigger-rules.test.ts",
    "when one of two failed, all_success is upstream_failed and the three others run",
  ),
  cleanup: shown(
    "trigger_rules.ts",
    "patterns/trigger-rules.test.ts",
    "an all_done cleanup as last task gives a successful run though a task failed",
  ),
  wiring: shown(
    "trigger_rules.ts",
    "patterns/trigger-rules.test.ts",
    "without upstream tasks every rule runs, as in the document's own wiring",
  ),
};
export const metrics = shown(
  "custom_metrics.ts",
  "patterns/custom-metrics.test.ts",
  "a run measures with Airflow's three verbs; timings are seconds",
);
export const quality = {
  arguments: shown(
    "data_quality_sensor.ts",
    "patterns/health-checks.test.ts",
    "the class keeps its own arguments beside those of every sensor",
  ),
  score: shown(
    "data_quality_sensor.ts",
    "patterns/health-checks.test.ts",
    "the run goes on with the score when it meets the threshold",
  ),
  below: shown(
    "data_quality_sensor.ts",
    "patterns/health-checks.test.ts",
    "below the threshold it warns and pokes again until its timeout",
  ),
};
export const idempotency = {
  again: shown(
    "idempotent_upsert.ts",
    "patterns/idempotency.test.ts",
    "running again leaves identical rows and no temporary files",
  ),
  cleared: shown(
    "idempotent_upsert.ts",
    "worker/examples.test.ts",
    "an upserting run, cleared and run again, leaves identical rows in R2",
  ),
  cleanUp: shown(
    "idempotent_upsert.ts",
    "patterns/idempotency.test.ts",
    "files that a broken run left behind are cleaned up before the work",
  ),
};
export const small = {
  visible: shown(
    "small_tasks.ts",
    "patterns/small-tasks.test.ts",
    "of 1,000 mapped tasks one fails, the others succeed, and each can be seen",
  ),
  cleared: shown(
    "small_tasks.ts",
    "worker/examples.test.ts",
    "of 1,000 mapped tasks one fails; clearing runs only it and its downstream again",
  ),
};
export const connection = shown(
  "connection_management.ts",
  "patterns/connection-management.test.ts",
  "a hook finds its connection by id, and its query has a bound parameter",
);
export const variable = shown(
  "configuration.ts",
  "patterns/configuration-management.test.ts",
  "a variable is read when the task runs; a default stands in for a missing one",
);
export const testing = {
  alone: shown(
    "customer_etl_pipeline.ts",
    "patterns/testing.test.ts",
    "a task's function runs alone, with a plain object as context",
  ),
  bag: shown("customer_etl_pipeline.ts", "patterns/testing.test.ts", "a bag made of the DAG folder finds them, too"),
  outside: shown(
    null,
    "patterns/testing.test.ts",
    "outside the project, plain Node runs a task's function and a whole DAG",
  ),
};
export const documentation = shown(
  "documented_pipeline.ts",
  "patterns/documentation.test.ts",
  "description, tags and Markdown are kept; the Markdown without the indentation of the code",
);
