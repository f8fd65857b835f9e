/**
 * @module DAGs count by being evaluated: `dag()` enters each one here. Who wants the DAGs of a file loads the file and looks what came in.
 *
 * A module is evaluated once per isolate, so what was entered stays: a second load of a file enters nothing. The list lives on `globalThis`, so that two
 * copies of the package share it.
 */
import type { Dag } from "./dag.ts";
import type { DagId } from "../model/ids.ts";
import type { DagIndex } from "./dag-index.ts";
import type { ExecutableDag } from "./executable-dag.ts";
import { AirflareError } from "../model/error.ts";
import { invalidDag } from "./invalid-dag.ts";
import { readsWhile } from "./lookups.ts";

const KEY = Symbol.for("airflare.dags");

interface Registry {
  readonly list: Dag<unknown>[];
  /** A file may define thousands: none is looked for among all. */
  readonly byId: Map<DagId, Dag<unknown>[]>;
  /** Load warnings by file: a file is evaluated once, its DAGs are asked for one by one. */
  readonly warnings: Map<string, readonly string[]>;
}

function registered(): Registry {
  const known = Reflect.get(globalThis, KEY) as Registry | undefined;
  if (known !== undefined) return known;
  const registry: Registry = { list: [], byId: new Map(), warnings: new Map() };
  Reflect.set(globalThis, KEY, registry);
  return registry;
}

/** Called by `dag()`. */
export function registerDag(dag: Dag<never> | Dag<unknown>): void {
  const { list, byId } = registered();
  list.push(dag);
  const same = byId.get(dag.id);
  if (same === undefined) byId.set(dag.id, [dag]);
  else same.push(dag);
}

/**
 * The DAGs that `load` defines, in order of definition; those of a DAG file that it imports for the first time are among them. One load at a time.
 * `file` becomes their place in the DAG folder. Throws what `load` throws, and `invalid_dag` when an id is defined twice.
 */
export async function collectDags(load: () => Promise<unknown>, file?: string): Promise<Dag<unknown>[]> {
  const from = registered().list.length;
  const warnings = await readsWhile(load);
  const dags = registered().list.slice(from);
  const ids = new Set<string>();
  for (const { id } of dags) {
    if (ids.has(id)) throw invalidDag({ dagId: id }, "the id is defined twice; rename one of the two DAGs");
    ids.add(id);
  }
  return dags.map((dag) => (file === undefined ? dag : dag.inFile(file)).withWarnings(warnings));
}

/** What was loaded, by index and DAG id: one answer per isolate and deploy. */
const loaded = new WeakMap<DagIndex, Map<DagId, Promise<ExecutableDag>>>();

/**
 * The deployed DAG with its code; evaluates only its file, once. Throws `dag_not_found`, or `dag_import_error` when the file does not load or no longer
 * defines the DAG.
 */
export function loadDag(index: DagIndex, dagId: DagId): Promise<ExecutableDag> {
  const cache = loaded.get(index) ?? new Map<DagId, Promise<ExecutableDag>>();
  loaded.set(index, cache);
  const known = cache.get(dagId);
  if (known !== undefined) return known;
  const loading = loadFromFile(index, dagId);
  cache.set(dagId, loading);
  // A failed load may have been a passing lack of memory or network: the next call tries again.
  loading.catch(() => cache.delete(dagId));
  return loading;
}

async function loadFromFile(index: DagIndex, dagId: DagId): Promise<ExecutableDag> {
  const entry = index.dags[dagId];
  const load = entry === undefined ? undefined : index.files[entry.file];
  if (entry === undefined || load === undefined) {
    throw new AirflareError(
      "dag_not_found",
      `DAG "${dagId}" is not deployed; deployed are ${Object.keys(index.dags).length} DAGs, see the list of DAGs`,
      { details: { dagId } },
    );
  }
  const { warnings } = registered();
  try {
    const found = await readsWhile(load);
    if (!warnings.has(entry.file)) warnings.set(entry.file, found);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new AirflareError("dag_import_error", `${entry.file} (DAG "${dagId}") does not load: ${reason}`, {
      details: { dagId, file: entry.file },
      cause,
    });
  }
  const candidates = (registered().byId.get(dagId) ?? []).map((dag) =>
    dag.inFile(entry.file).withWarnings(warnings.get(entry.file) ?? []),
  );
  // Another file may define the same id (an import error of that file): the hash says which one the index means.
  const [only, another] = candidates;
  // Of one, no hash is worked out.
  const dag =
    another === undefined
      ? only
      : (candidates.find((candidate) => candidate.specHash === entry.specHash) ?? candidates.at(-1));
  if (dag !== undefined) return dag.executable;
  throw new AirflareError(
    "dag_import_error",
    `${entry.file} no longer defines DAG "${dagId}"; deploy again so that the index is made anew`,
    { details: { dagId, file: entry.file } },
  );
}
