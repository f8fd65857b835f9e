/**
 * @module A random DAG of layer 1 with code for each of its tasks: what a task does follows from the seed, its place and its try, so that a second start
 * of the same try does the same; what it is given is written down.
 */
import { AirflowFailException, AirflowSkipException } from "../../../src/dag/exceptions.ts";
import type { Dag } from "../../../src/dag/dag.ts";
import type { Context } from "../../../src/dag/context.ts";
import type { ExecutableDag, TaskHandler } from "../../../src/dag/executable-dag.ts";
import { registerDag } from "../../../src/dag/dag-registry.ts";
import { encode } from "../../../src/lib/codec.ts";
import type { ArgExpr, ExpandSpec } from "../../../src/model/arg-expr.ts";
import type { DagSpec } from "../../../src/model/dag-spec.ts";
import type { TaskSpec } from "../../../src/model/task-spec.ts";
import { drawDag } from "../dag-shapes.ts";
import { Rng } from "../rng.ts";

/** One start of author's code. */
export interface Start {
  readonly runId: string;
  readonly taskId: string;
  readonly mapIndex: number;
  readonly tryNumber: number;
  /** Marks of the values it got from upstream. */
  readonly seen: readonly Mark[];
}

/** What a value tells about who made it. */
export interface Mark {
  readonly by: string;
  readonly mapIndex: number;
  readonly tryNumber: number;
}

export interface Code {
  readonly seed: number;
  readonly failureRate: number;
  onStart(start: Start): void;
  onEnd(runId: string): void;
  onCallback(runId: string): void;
}

/** Pushed by some tries before they succeed or fail: a later try must not leave what it did not push itself. */
const PUSHED_KEYS = ["first", "second"] as const;

let definitions = 0;

/** Draws of pools must not move the draws of everything else. */
const POOL_SEED = 0x900_15;

/** Some worlds share a pool among their tasks, or limit tasks over all runs of their DAG. */
function underLimits(spec: DagSpec, rng: Rng): DagSpec {
  if (!rng.chance(0.2)) return spec;
  const tasks = spec.tasks.map((task) => ({
    ...task,
    pool: rng.chance(0.6) ? "db" : task.pool,
    poolSlots: 1,
    maxActiveTisPerDag: rng.chance(0.15) ? 1 : null,
  }));
  return { ...spec, tasks };
}

/** Draws a DAG and enters it into the registry, as loading its file would. */
export function drawExecutable(
  rng: Rng,
  dagId: string,
  code: Code,
): { readonly executable: ExecutableDag; readonly specHash: string } {
  const spec = underLimits(withArgs(drawDag(rng, dagId)), new Rng(code.seed ^ POOL_SEED));
  const handlers = new Map(spec.tasks.map((task) => [task.taskId, handlerOf(spec, task, code)]));
  const onRun = ({ dagRun }: { readonly dagRun: { readonly runId: string } }): void => code.onCallback(dagRun.runId);
  const callbacks = { success: [onRun], failure: [onRun] };
  const executable: ExecutableDag = { spec, handlers, mapFunctions: [], callbacks };
  // A seed that runs twice defines its DAGs twice.
  const specHash = `${dagId}-${definitions++}`;
  const dag = { id: dagId, specHash, executable, inFile: () => dag, withWarnings: () => dag };
  registerDag(dag as unknown as Dag<unknown>);
  return { executable, specHash };
}

/** Layer 1 needs no values: here tasks read those of their upstream tasks, and literals are real lists. */
function withArgs(spec: DagSpec): DagSpec {
  const kinds = new Map(spec.tasks.map((task) => [task.taskId, task.kind]));
  const tasks = spec.tasks.map((task): TaskSpec => {
    const reads = task.triggerRule === "all_success" ? task.upstream.filter((id) => kinds.get(id) === "task") : [];
    const args = reads.map((taskId) => [taskId, { kind: "xcom", taskId, key: "return_value", path: [] }] as const);
    return { ...task, args: Object.fromEntries(args), expand: withLists(task.expand) };
  });
  return { ...spec, tasks, groups: spec.groups.map((group) => ({ ...group, expand: withLists(group.expand) })) };
}

function withLists(expand: ExpandSpec | null): ExpandSpec | null {
  if (expand?.kind !== "product") return expand;
  const listed = (expr: ArgExpr): ArgExpr =>
    expr.kind === "literal"
      ? { ...expr, text: encode(Array.from({ length: expr.length ?? 0 }, (_, index) => index)) }
      : expr;
  return { ...expand, over: Object.fromEntries(Object.entries(expand.over).map(([key, expr]) => [key, listed(expr)])) };
}

function handlerOf(spec: DagSpec, task: TaskSpec, code: Code): TaskHandler {
  const below = spec.tasks.filter(({ upstream }) => upstream.includes(task.taskId)).map(({ taskId }) => taskId);
  const execute = async (input: Readonly<Record<string, unknown>>, context: Context): Promise<unknown> => {
    const { runId } = context.dagRun;
    const { mapIndex, tryNumber } = context.ti;
    code.onStart({ runId, taskId: task.taskId, mapIndex, tryNumber, seen: marksIn(Object.values(input)) });
    try {
      const place = `${runId}/${task.taskId}/${mapIndex}/${tryNumber}`;
      const rng = new Rng(hashOf(`${code.seed}/${place}`));
      const mark = { by: task.taskId, mapIndex, tryNumber };
      if (rng.chance(0.2)) await context.ti.xcomPush(PUSHED_KEYS[rng.below(2)] ?? "", mark);
      return await work(task, below, rng, code, mark);
    } finally {
      code.onEnd(runId);
    }
  };
  const callback = (): void => undefined;
  const callbacks = Object.fromEntries(task.callbacks.map((kind) => [kind, [callback]]));
  return { execute, callbacks };
}

async function work(task: TaskSpec, below: readonly string[], rng: Rng, code: Code, mark: Mark): Promise<unknown> {
  const ms = rng.pick([0, 0, 20, 2_000, 15_000, 45_000]);
  if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms));
  if (rng.chance(code.failureRate))
    throw rng.chance(0.2) ? new AirflowFailException("for good") : new Error("this time");
  if (task.kind === "task" && rng.chance(0.05)) throw new AirflowSkipException("not today");
  if (task.kind === "sensor") return new Rng(Math.trunc(Date.now() / 1_000)).chance(0.5);
  if (task.kind === "short_circuit") return rng.chance(0.6);
  if (task.kind === "branch") return below.filter(() => rng.chance(0.6));
  const pad = rng.chance(0.1) ? "x".repeat(40_000) : "";
  return Array.from({ length: 1 + rng.below(3) }, () => ({ ...mark, pad }));
}

/** All marks in a value. */
export function marksIn(value: unknown): Mark[] {
  if (Array.isArray(value)) return value.flatMap(marksIn);
  return isMark(value) ? [{ by: value.by, mapIndex: value.mapIndex, tryNumber: value.tryNumber }] : [];
}

function isMark(value: unknown): value is Mark {
  return typeof value === "object" && value !== null && "by" in value;
}

function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193) >>> 0;
  return hash;
}
