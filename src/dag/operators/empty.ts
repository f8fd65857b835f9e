/**
 * @module `empty`: a task that does nothing (Airflow's `EmptyOperator`, once `DummyOperator`): a place to join and part.
 */
import type { AnyXComs } from "../context.ts";
import type { TaskArg } from "../xcom-arg.ts";
import type { TaskOptions } from "../task-options.ts";
import { placeTask } from "../place-task.ts";
import { taskRef } from "../task-ref.ts";

/**
 * Places a task that succeeds as soon as its trigger rule is met, without a worker.
 * @example
 * const start = empty("start"), end = empty("end");
 */
export function empty(id: string, options: TaskOptions = {}): TaskArg<void, AnyXComs> {
  return taskRef(
    placeTask({ id, what: "empty", operatorName: "EmptyOperator", options, execute: () => () => undefined }),
  );
}
