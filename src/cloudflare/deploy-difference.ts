/**
 * @module What a deploy changes: the DAGs whose rows in the history are not yet as this bundle has them. Read from the rows each time, so that a deploy
 * may be brought in in pieces, repeated and cut short.
 */
import type { DagImportError, DagIndex } from "../dag/dag-index.ts";
import { loadDag } from "../dag/dag-registry.ts";
import type { DagSpec } from "../model/dag-spec.ts";
import { errorInfo } from "../model/error.ts";
import type { DagId, SpecHash } from "../model/ids.ts";
import { withHistory } from "./history/history-error.ts";

/** What the history has of a DAG. */
export interface KnownDag {
  readonly dag_id: DagId;
  readonly spec_hash: SpecHash;
  readonly is_stale: number;
  readonly has_import_errors: number;
  readonly relative_fileloc: string;
}

export type KnownDags = ReadonlyMap<DagId, KnownDag>;

/** `stale`: no longer deployed. `broken`: its file does not load, and it keeps its last good spec. Neither is scheduled. */
export type Difference =
  | { readonly change: "sync"; readonly dagId: DagId; readonly spec: DagSpec; readonly specHash: SpecHash }
  | { readonly change: "stale" | "broken"; readonly dagId: DagId };

/** Rows of these DAGs, or of all. */
export async function knownDags(db: D1Database, dagIds: readonly DagId[] | "all"): Promise<KnownDags> {
  const select = "SELECT dag_id, spec_hash, is_stale, has_import_errors, relative_fileloc FROM dag";
  const query =
    dagIds === "all"
      ? db.prepare(select)
      : db.prepare(`${select} WHERE dag_id IN (SELECT value FROM json_each(?))`).bind(JSON.stringify(dagIds));
  const { results } = await withHistory(() => query.all<KnownDag>());
  return new Map(results.map((row) => [row.dag_id, row]));
}

/** All differences, and what does not load: at the build, or only in the Worker. Evaluates the files of changed DAGs only. */
export async function differences(
  index: DagIndex,
  known: KnownDags,
): Promise<{ readonly left: readonly Difference[]; readonly broken: readonly DagImportError[] }> {
  const broken = new Map<string, DagImportError>();
  const left: Difference[] = [];
  const look = async (dagId: DagId, file: string): Promise<void> => {
    const { difference, problem } = await differenceOf(index, dagId, known.get(dagId));
    if (problem !== null && !broken.has(file)) broken.set(file, { file, message: problem });
    if (difference !== null) left.push(difference);
  };
  const unchanged: [DagId, string][] = [];
  for (const [dagId, { file, specHash }] of Object.entries(index.dags)) {
    const row = known.get(dagId);
    if (row?.spec_hash === specHash && row.is_stale === 0 && row.has_import_errors === 0) unchanged.push([dagId, file]);
    // In turn: one file is evaluated at a time, and its further DAGs are at hand then.
    // oxlint-disable-next-line no-await-in-loop
    else await look(dagId, file);
  }
  for (const [dagId, file] of unchanged) {
    // The file throws in the Worker: its other DAGs cannot run either.
    // oxlint-disable-next-line no-await-in-loop
    if (broken.has(file)) await look(dagId, file);
  }
  for (const { dag_id: dagId, relative_fileloc: file } of known.values()) {
    // oxlint-disable-next-line no-await-in-loop
    if (!Object.hasOwn(index.dags, dagId)) await look(dagId, file);
  }
  const inWorker = [...broken.values()].filter(({ file }) => !index.importErrors.some((error) => error.file === file));
  return { left, broken: [...index.importErrors, ...inWorker] };
}

/** How one DAG differs from its row, null when it does not. `problem`: it does not load in the Worker, though it did at the build. */
export async function differenceOf(
  index: DagIndex,
  dagId: DagId,
  row: KnownDag | undefined,
): Promise<{ readonly difference: Difference | null; readonly problem: string | null }> {
  const entry = Object.hasOwn(index.dags, dagId) ? index.dags[dagId] : undefined;
  if (entry === undefined) {
    const isBroken = index.importErrors.some(({ file }) => file === row?.relative_fileloc);
    return { difference: retired(dagId, row, isBroken ? "broken" : "stale"), problem: null };
  }
  try {
    const { spec } = await loadDag(index, dagId);
    const { specHash } = entry;
    if (row?.spec_hash === specHash && row.is_stale === 0 && row.has_import_errors === 0)
      return { difference: null, problem: null };
    return { difference: { change: "sync", dagId, spec, specHash }, problem: null };
  } catch (error) {
    const { code, message } = errorInfo(error);
    if (code !== "dag_import_error") throw error;
    return { difference: retired(dagId, row, "broken"), problem: message };
  }
}

/** Null for one that was never brought in, or whose row says so already. */
function retired(dagId: DagId, row: KnownDag | undefined, change: "stale" | "broken"): Difference | null {
  if (row === undefined) return null;
  const isNoted = change === "stale" ? row.is_stale === 1 && row.has_import_errors === 0 : row.has_import_errors === 1;
  return isNoted && (change === "stale" || row.is_stale === 0) ? null : { change, dagId };
}
