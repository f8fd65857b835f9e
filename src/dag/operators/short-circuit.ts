/**
 * @module `shortCircuit`: skips everything downstream when its condition is false (Airflow's `ShortCircuitOperator`).
 */
import type { Answer } from "../task.ts";
import type { ArgsOf, NoInput } from "../args-of.ts";
import type { Context } from "../context.ts";
import type { TaskArg } from "../xcom-arg.ts";
import type { TaskOptions } from "../task-options.ts";
import { placeTask } from "../place-task.ts";
import { taskRef } from "../task-ref.ts";

export interface ShortCircuitOptions<I> extends TaskOptions<"all_success"> {
  /** Inputs, as in a task's call. */
  readonly in?: ArgsOf<I, "all_success">;
  /** `true` (default): all downstream tasks are skipped whatever their rule. `false`: only the direct ones, whose rules then decide. */
  readonly ignoreDownstreamTriggerRules?: boolean;
}

/**
 * Places a short circuit: the run goes on below it only when the function's answer is true. `0`, `""`, `null`, and empty lists count as false.
 * @example
 * shortCircuit("has_rows", { in: { rows } }, ({ rows }: { rows: number }) => rows > 0).before(publish);
 */
export function shortCircuit<I = NoInput, O = unknown>(
  id: string,
  options: ShortCircuitOptions<I>,
  fn: (input: I, ctx: Context) => Answer<O>,
): TaskArg<Awaited<O>> {
  const { in: input, ignoreDownstreamTriggerRules = true, ...taskOptions } = options;
  return taskRef(
    placeTask({
      id,
      what: "short_circuit",
      operatorName: "ShortCircuitOperator",
      options: taskOptions,
      input,
      ignoreDownstreamTriggerRules,
      // The input was checked against `I` when the task was placed.
      execute: () => (given, context) => fn(given as I, context),
    }),
  );
}
