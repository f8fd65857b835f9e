/**
 * @module `dag`: a DAG's id, options and graph. Its body runs once, when the file loads, and only draws: calling tasks in it places them.
 */
import type { DagBodyArgs, DagOptions } from "./dag-options.ts";
import type { DagSpec } from "../model/dag-spec.ts";
import type { ExecutableDag } from "./executable-dag.ts";
import type { ParamInputs, ParamValues } from "./param.ts";
import type { SpecHash } from "../model/ids.ts";
import type { TaskSpec } from "../model/task-spec.ts";
import { AirflareError } from "../model/error.ts";
import { assertKey, invalidDag } from "./invalid-dag.ts";
import { assertDagOptions } from "./option-names.ts";
import { buildDag } from "./dag-builder.ts";
import { paramRefs, paramSpecs } from "./param.ts";
import { registerDag } from "./dag-registry.ts";
import { serializeDag, specHash } from "./serialize.ts";
import { specErrors } from "../engine/spec-rules.ts";

/** One task of a DAG, for tests and tools: its spec and its neighbours. */
export interface DagTask extends TaskSpec {
  /** Same as `taskId`. */
  readonly id: string;
  readonly upstreamTaskIds: readonly string[];
  readonly downstreamTaskIds: readonly string[];
  readonly upstreamList: readonly DagTask[];
  readonly downstreamList: readonly DagTask[];
}

/** A defined DAG. `P` are the values of its params. */
export class Dag<P = Readonly<Record<string, unknown>>> {
  readonly id: string;
  readonly spec: DagSpec;
  readonly #executable: ExecutableDag;
  #specHash: SpecHash | undefined;
  #tasks: readonly DagTask[] | undefined;
  /** Only for the compiler. */
  declare readonly paramValues?: P;

  constructor(executable: ExecutableDag) {
    this.#executable = executable;
    this.spec = executable.spec;
    this.id = this.spec.dagId;
  }

  /** Same as `id`. */
  get dagId(): string {
    return this.id;
  }

  get specHash(): SpecHash {
    this.#specHash ??= specHash(this.spec);
    return this.#specHash;
  }

  /** In order of creation. Linked when first asked for: a Worker evaluates every DAG of a file and looks at none in this way. */
  get tasks(): readonly DagTask[] {
    this.#tasks ??= linkedTasks(this.spec);
    return this.#tasks;
  }

  /** In order of creation. */
  get taskIds(): readonly string[] {
    return this.tasks.map(({ taskId }) => taskId);
  }

  /** `[upstream, downstream]` pairs. */
  get edges(): readonly (readonly [string, string])[] {
    return this.tasks.flatMap((task) => task.upstream.map((upstream) => [upstream, task.taskId] as const));
  }

  /** Tasks without upstream. */
  get roots(): readonly DagTask[] {
    return this.tasks.filter(({ upstream }) => upstream.length === 0);
  }

  /** Tasks without downstream. */
  get leaves(): readonly DagTask[] {
    return this.tasks.filter(({ downstreamTaskIds }) => downstreamTaskIds.length === 0);
  }

  /** The task, or undefined when there is none of this id. */
  getTask(taskId: string): DagTask | undefined {
    return this.tasks.find((task) => task.taskId === taskId);
  }

  /** Spec and code, as `runtime/` takes them. */
  get executable(): ExecutableDag {
    return this.#executable;
  }

  /** The same DAG as found in a file of the DAG folder. */
  inFile(relativeFileloc: string): Dag<P> {
    if (this.spec.relativeFileloc === relativeFileloc) return this;
    return new Dag({ ...this.#executable, spec: { ...this.spec, relativeFileloc } });
  }

  /** The same DAG with what is known only after its file was loaded. */
  withWarnings(warnings: readonly string[]): Dag<P> {
    if (warnings.length === 0) return this;
    return new Dag({ ...this.#executable, spec: { ...this.spec, warnings: [...this.spec.warnings, ...warnings] } });
  }
}

function linkedTasks(spec: DagSpec): readonly DagTask[] {
  const byId = new Map<string, DagTask>();
  const downstream = new Map<string, string[]>(spec.tasks.map(({ taskId }) => [taskId, []]));
  for (const task of spec.tasks) for (const upstream of task.upstream) downstream.get(upstream)?.push(task.taskId);
  const listed = (ids: readonly string[]): readonly DagTask[] => ids.flatMap((id) => byId.get(id) ?? []);
  for (const task of spec.tasks) {
    const downstreamTaskIds = downstream.get(task.taskId) ?? [];
    byId.set(task.taskId, {
      ...task,
      id: task.taskId,
      upstreamTaskIds: task.upstream,
      downstreamTaskIds,
      // Read when asked: neighbours may not exist yet here.
      get upstreamList() {
        return listed(task.upstream);
      },
      get downstreamList() {
        return listed(downstreamTaskIds);
      },
    });
  }
  return [...byId.values()];
}

/**
 * Defines a DAG. It counts by being evaluated: no export is needed. Throws `invalid_dag` with place and remedy when the graph or an option breaks a rule.
 * @example
 * export const customerEtl = dag("customer_etl_pipeline", { schedule: "0 2 * * *", startDate: "2024-01-01", tags: ["etl"] }, () => {
 *   const extracted = extract({ region: "eu" });
 *   load({ rows: extracted.pick("rowCount") });
 * });
 */
export function dag<const P extends ParamInputs = Record<never, never>>(
  id: string,
  options: DagOptions<P>,
  body: (args: DagBodyArgs<P>) => void,
): Dag<ParamValues<P>> {
  assertKey({}, "DAG id", id);
  if (typeof body !== "function")
    throw invalidDag({ dagId: id }, `it has no body; write dag("${id}", { schedule: null }, () => { ... })`);
  assertDagOptions({ dagId: id }, options);
  const params = paramSpecs(id, options.params ?? {});
  // The references are made from the same names as `P`.
  const refs = paramRefs(params) as DagBodyArgs<P>["params"];
  const builder = buildDag(id, () => body({ params: refs }));
  const executable = serializeDag(builder, options, params);
  const problems = specErrors(executable.spec);
  if (problems.length > 0) throw new AirflareError("invalid_dag", problems.join("\n"), { details: { dagId: id } });
  const defined = new Dag<ParamValues<P>>(executable);
  registerDag(defined);
  return defined;
}
