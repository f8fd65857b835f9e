/**
 * @module Placing a built-in operator: its own options beside those of any task, its fields with references, templates and functions of the context.
 */
import type { Context } from "../context.ts";
import type { Fields } from "../sensors/fields.ts";
import type { TaskOptions } from "../task-options.ts";
import type { TaskArg } from "../xcom-arg.ts";
import { placeTask } from "../place-task.ts";
import { taskRef } from "../task-ref.ts";

/** Options that any task has, for operators. */
export type OperatorOptions = Omit<TaskOptions<"all_success">, "xcom" | "multipleOutputs">;

export interface BuiltInOperator<O> {
  readonly id: string;
  /** Airflow's class name. */
  readonly operatorName: string;
  /** What is left of the author's options when the operator's own are taken out: a misspelt one is refused. */
  readonly options: OperatorOptions;
  readonly fields: Fields;
  readonly execute: (values: Readonly<Record<string, unknown>>, context: Context) => O | Promise<O>;
}

export function placeOperator<O>({ id, operatorName, options, fields, execute }: BuiltInOperator<O>): TaskArg<O> {
  return taskRef(
    placeTask({
      id,
      what: "task",
      operatorName,
      options,
      input: fields.input,
      execute: () => async (input, context) => execute(await fields.read(input, context), context),
    }),
  );
}

/** A value as the text it must be. */
export function textValue(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

export function recordValue(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};
}
