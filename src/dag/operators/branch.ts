/**
 * @module `branch`: follows some of its direct downstream tasks and skips the others (Airflow's `BranchPythonOperator`).
 */
import type { ArgsOf } from "../args-of.ts";
import type { Context } from "../context.ts";
import type { Edgeable } from "../edges.ts";
import type { TaskHandler } from "../executable-dag.ts";
import type { TaskArg } from "../xcom-arg.ts";
import type { TaskOptions } from "../task-options.ts";
import { drawAll, placedEnds } from "../edges.ts";
import { placeTask } from "../place-task.ts";
import { taskRef } from "../task-ref.ts";

declare const unknownTarget: unique symbol;

/** What an answer must be and is not: the compiler's message names it. */
export interface UnknownBranchTarget<Name> {
  readonly [unknownTarget]: Name;
}

/** A key of `to` known to the compiler is checked here; a plain `string` (a task or group id) when it runs. */
type Target<A, To> = A extends string
  ? string extends A
    ? unknown
    : A extends keyof To
      ? unknown
      : UnknownBranchTarget<A>
  : A extends readonly (infer E)[]
    ? Target<E, To>
    : unknown;

type BranchAnswer = string | readonly string[] | null | undefined | void;

export interface BranchOptions<I, To> extends TaskOptions<"all_success"> {
  /** Inputs, as in a task's call. */
  readonly in?: ArgsOf<I, "all_success">;
  /** Direct downstream tasks and groups by a name of your choice; drawn as edges. */
  readonly to?: To;
}

/**
 * Places a branch. The function answers a key of `to`, several, or null (skip all); full task and group ids work too.
 * @example
 * branch("quality_check", { in: { rows }, to: { processed, alerted } }, ({ rows }: { rows: number }) => (rows > 0 ? "processed" : "alerted"));
 */
export function branch<
  I,
  const A extends BranchAnswer | Promise<BranchAnswer>,
  To extends Readonly<Record<string, Edgeable>> = Record<never, never>,
>(
  id: string,
  options: BranchOptions<I, To>,
  fn: (input: I, ctx: Context) => A & Target<Awaited<A>, To>,
): TaskArg<string[]> {
  const { in: input, to, ...taskOptions } = options;
  const ids = new Map<string, readonly string[]>();
  const ends = Object.entries(to ?? {}).map(([key, end]) => {
    const placed = placedEnds(end, `branch "${id}"`);
    ids.set(
      key,
      placed.map((one) => (one.kind === "placed-task" ? one.taskId : one.groupId)),
    );
    return placed;
  });
  const placed = placeTask({
    id,
    what: "branch",
    operatorName: "BranchPythonOperator",
    options: taskOptions,
    input,
    // The input was checked against `I` when the branch was placed.
    execute: () => {
      const execute: TaskHandler["execute"] = async (given, context) => chosen(ids, await fn(given as I, context));
      targets.set(execute, ids);
      return execute;
    },
  });
  for (const end of ends) drawAll([placed], end);
  return taskRef(placed);
}

type TargetIds = ReadonlyMap<string, readonly string[]>;

/** Keys of `to` as full ids, other texts as the ids they are. What is no answer at all passes through: it fails the task where it is checked. */
function chosen(ids: TargetIds, answer: unknown): unknown {
  if (answer === null || answer === undefined) return [];
  const keys: readonly unknown[] | undefined =
    typeof answer === "string" ? [answer] : Array.isArray(answer) ? answer : undefined;
  if (keys === undefined || !keys.every((key) => typeof key === "string")) return answer;
  return keys.flatMap((key) => ids.get(key) ?? [key]);
}

/** The targets of each branch's code, for those who answer in its place. */
const targets = new WeakMap<object, TargetIds>();

/** What the branch would answer the engine if its function had answered `answer`: mocks of tests may name keys of `to`, too. */
export function branchAnswer(handler: TaskHandler, answer: unknown): unknown {
  // The code is the key here; it is not called.
  // oxlint-disable-next-line typescript/unbound-method
  return chosen(targets.get(handler.execute) ?? new Map(), answer);
}
