/**
 * @module `DagBag`: all DAGs of a list or a folder, for tests of their structure. What does not load is an import error of its file and hurts no other.
 */
import type { Dag } from "../dag/dag.ts";
import { invalidDag } from "../dag/invalid-dag.ts";
import { loadDagFolder } from "./dag-folder.ts";

/**
 * A set of DAGs by id.
 * @example
 * const bag = await DagBag.fromFolder("dags");
 * expect(bag.importErrors).toEqual({});
 * expect(bag.getDag("customer_etl_pipeline")?.tasks.length).toBe(3);
 */
export class DagBag {
  /** Sorted by id. */
  readonly dags: readonly Dag<unknown>[];
  readonly #byId: ReadonlyMap<string, Dag<unknown>>;
  /** Message by file, relative to the folder. */
  readonly importErrors: Readonly<Record<string, string>>;

  /** Throws `invalid_dag` when two DAGs share an id. */
  constructor(
    dags: readonly Dag<never>[] | readonly Dag<unknown>[],
    importErrors: Readonly<Record<string, string>> = {},
  ) {
    const byId = new Map<string, Dag<unknown>>();
    for (const dag of dags) {
      if (byId.has(dag.id)) throw invalidDag({ dagId: dag.id }, "two DAGs of the bag have this id; rename one of them");
      byId.set(dag.id, dag);
    }
    this.dags = [...byId.values()].toSorted((a, b) => (a.id < b.id ? -1 : 1));
    this.#byId = byId;
    this.importErrors = importErrors;
  }

  /** Loads each file of the folder in plain Node, as the index generator does for a deploy. Fails only when there is no such folder. */
  static async fromFolder(folder: string): Promise<DagBag> {
    const { dags, importErrors } = await loadDagFolder(folder);
    return new DagBag(dags, importErrors);
  }

  get dagIds(): readonly string[] {
    return this.dags.map(({ id }) => id);
  }

  /** Undefined when the id is unknown or its file does not load. */
  getDag(dagId: string): Dag<unknown> | undefined {
    return this.#byId.get(dagId);
  }
}
