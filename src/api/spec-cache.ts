/**
 * @module Specs and their names by hash, kept for the life of the isolate: a hash stands for one content, so an entry is never stale.
 */
import { operatingErrorCode } from "./errors.ts";
import type { ApiPorts, DagRow, DagVersion, TaskFacts } from "./ports.ts";
import type { DagRunApi } from "../model/protocol.ts";
import type { DagRunHead } from "../model/dag-run.ts";
import { parseSpec } from "../model/spec-text.ts";
import type { DagSpec } from "../model/dag-spec.ts";
import type { SpecHash, TaskId } from "../model/ids.ts";

/** Entries kept; a large spec is a few hundred kB. */
const SPECS_MAX = 20;
const VERSIONS_MAX = 1_000;

export class SpecCache {
  readonly #specs = new Map<string, { readonly spec: DagSpec; readonly tasks: ReadonlyMap<TaskId, TaskFacts> }>();
  readonly #versions = new Map<string, DagVersion>();

  /** The spec a run is pinned to. Null when the run's object no longer has one. */
  async specOf(run: DagRunApi, head: DagRunHead): Promise<DagSpec | null> {
    const kept = this.#specs.get(head.specHash);
    if (kept !== undefined) return kept.spec;
    return this.#keep(head.specHash, await run.readSpec());
  }

  /** The spec of a DAG's latest version. Null when it was stored by a deploy that is gone. */
  async specOfDag(ports: ApiPorts, row: DagRow): Promise<DagSpec | null> {
    const kept = this.#specs.get(row.specHash);
    if (kept !== undefined) return kept.spec;
    const spec: DagSpec | null = row.specJson === null ? await ports.storedSpec(row.specHash) : parseSpec(row.specJson);
    return this.#keep(row.specHash, spec);
  }

  #keep(hash: SpecHash, spec: DagSpec | null): DagSpec | null {
    if (spec === null) return null;
    remember(this.#specs, hash, { spec, tasks: new Map(spec.tasks.map((task) => [task.taskId, task])) }, SPECS_MAX);
    return spec;
  }

  /** The run's spec, its tasks by id, and the version it is; the version is null while D1 does not answer. */
  async around(ports: ApiPorts, run: DagRunApi, head: DagRunHead): Promise<RunSurroundings> {
    const [spec, version] = await Promise.all([this.specOf(run, head), this.#versionOf(ports, head)]);
    const tasks = this.#specs.get(head.specHash)?.tasks;
    return {
      head,
      spec,
      displayName: spec?.displayName ?? head.dagId,
      version,
      taskOf: (taskId) => tasks?.get(taskId) ?? null,
    };
  }

  async #versionOf(ports: ApiPorts, head: DagRunHead): Promise<DagVersion | null> {
    const key = `${head.dagId}/${head.specHash}`;
    const kept = this.#versions.get(key);
    if (kept !== undefined) return kept;
    let version: DagVersion | null = null;
    try {
      version = await ports.history.findVersionOfSpec(head.dagId, head.specHash);
    } catch (error) {
      // A run is readable while D1 is not.
      if (operatingErrorCode(error) !== "history_unavailable") throw error;
    }
    if (version !== null) remember(this.#versions, key, version, VERSIONS_MAX);
    return version;
  }
}

/** Everything the answers about one run are made of. */
export interface RunSurroundings {
  readonly head: DagRunHead;
  readonly spec: DagSpec | null;
  readonly displayName: string;
  readonly version: DagVersion | null;
  readonly taskOf: (taskId: TaskId) => TaskFacts | null;
}

/** Adds an entry and drops the oldest above `max`. */
function remember<Value>(map: Map<string, Value>, key: string, value: Value, max: number): void {
  map.set(key, value);
  for (const oldest of map.keys()) {
    if (map.size <= max) return;
    map.delete(oldest);
  }
}
