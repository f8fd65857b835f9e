/**
 * @module One page of a DAG's runs put in order, between the DAG's object (which knows what runs there are), the runs' objects and the history: those
 * whose retention is over are removed everywhere, those the history lacks are brought to it anew, rows of runs that are no more are removed.
 *
 * The history is read first: a run made meanwhile is known to the object, and cannot look like one that is no more. Every step may be repeated.
 */
import type { DagId, RunId } from "../../model/ids.ts";
import { dagRunObjectName } from "../../model/ids.ts";
import { FINISHED_RUN_STATES } from "../../model/state.ts";
import type { KeptRun } from "../../model/upkeep.ts";
import { forEachDag } from "../dag-pages.ts";
import type { Env } from "../env.ts";
import { deleteBackfillRows, deleteRunsRows, runsBehind } from "../history/queries/upkeep.ts";
import type { RunInHistory } from "../history/queries/upkeep.ts";
import { objectStore } from "../object-store.ts";
import { deleteRunObjects } from "../run-objects.ts";

export interface PageOrder {
  readonly after: RunId | null;
  /** Runs looked at, and rows of the history: each at most so many. */
  readonly limit: number;
  /** Remove runs whose retention is over. */
  readonly expire: boolean;
  /** Bring every run to the history, not only those it lacks. */
  readonly all: boolean;
  /** Only say what would be done. */
  readonly dryRun: boolean;
}

export interface PageResult {
  /** Behind which run the next page begins; null: there is none. */
  readonly next: RunId | null;
  readonly looked: number;
  /** Brought to the history anew. */
  readonly restored: number;
  readonly expired: number;
  /** Rows without a run, removed. */
  readonly orphans: number;
  /** Calls to the outside, about: what an invocation may use up is limited. */
  readonly calls: number;
}

const NOTHING: PageResult = { next: null, looked: 0, restored: 0, expired: 0, orphans: 0, calls: 2 };

/** A DAG whose object knows nothing is left alone: it says nothing about the runs. */
export async function putRunsInOrder(env: Env, dagId: DagId, order: PageOrder): Promise<PageResult> {
  const { after, limit } = order;
  const rows = await runsBehind(env.DB, dagId, after, limit);
  const upTo = rows.length === limit ? (rows.at(-1)?.run_id ?? null) : null;
  const known = rows.map((row) => row.run_id);
  const kept = await env.DAG.getByName(dagId).keptRuns({ after, upTo, limit, known });
  if (kept === null) return NOTHING;
  const inHistory = new Map(rows.map((row) => [row.run_id, row]));
  const expired = kept.runs.filter((run) => run.isExpired && order.expire);
  const lacking = kept.runs.filter((run) => !run.isExpired && (order.all || isLacking(run, inHistory.get(run.runId))));
  const orphans = kept.unknown.flatMap((runId) => inHistory.get(runId) ?? []);
  const work = new PageWork(env, dagId);
  if (!order.dryRun) {
    await work.expire(expired);
    if (order.expire) await work.expireBackfills(kept.expiredBackfills ?? []);
    await forEachDag(lacking, (run) => work.restore(run));
    await forEachDag(orphans, (row) => work.settleOrphan(row));
    await work.flush();
  }
  return {
    next: kept.isCut ? (kept.runs.at(-1)?.runId ?? null) : upTo,
    looked: kept.runs.length,
    restored: order.dryRun ? lacking.length : work.restored,
    expired: order.dryRun ? expired.length : work.expired,
    orphans: order.dryRun ? orphans.length : work.orphans,
    calls: work.calls,
  };
}

/** A run under way writes its own rows from time to time; only one without any is behind. */
function isLacking(run: KeptRun, row: RunInHistory | undefined): boolean {
  if (row === undefined || row.incarnation !== run.incarnation) return true;
  if (!FINISHED_RUN_STATES.has(run.state)) return false;
  return row.state !== run.state || (run.endedAt !== null && row.ended_at !== run.endedAt);
}

class PageWork {
  readonly #env: Env;
  readonly #dagId: DagId;
  readonly #rowsToDelete: { readonly runId: RunId; readonly incarnation: string }[] = [];
  restored = 0;
  expired = 0;
  orphans = 0;
  calls = 3;

  constructor(env: Env, dagId: DagId) {
    this.#env = env;
    this.#dagId = dagId;
  }

  /** The object first: it knows whether a run was cleared meanwhile. What is cut short behind it is found by the rows, which go last. */
  async expire(runs: readonly KeptRun[]): Promise<void> {
    if (runs.length === 0) return;
    const removed = new Set(await this.#env.DAG.getByName(this.#dagId).expireRuns(runs.map((run) => run.runId)));
    const gone = runs.filter((run) => removed.has(run.runId));
    await forEachDag(gone, (run) => this.#forget(run));
    this.expired += gone.length;
  }

  /** The rows first, so that the object still names what was cut short. */
  async expireBackfills(backfillIds: readonly number[]): Promise<void> {
    if (backfillIds.length === 0) return;
    const gone = await deleteBackfillRows(this.#env.DB, backfillIds);
    await this.#env.DAG.getByName(this.#dagId).forgetBackfills(gone);
    this.calls += 2;
  }

  async restore(run: KeptRun): Promise<void> {
    this.calls++;
    const object = this.#env.DAG_RUN.getByName(dagRunObjectName(this.#dagId, run.runId));
    const taken = await object.mirrorAgain(run.incarnation);
    if (taken !== null) this.restored++;
    // An open one without an object is still to be created, or looked after by its DAG's object.
    else if (FINISHED_RUN_STATES.has(run.state)) {
      await this.#env.DAG.getByName(this.#dagId).deleteRun(run.runId);
      await this.#forget(run);
      this.orphans++;
    }
  }

  /** A row whose run the DAG's object does not know: the run's object says whether there is one. */
  async settleOrphan({ run_id: runId, incarnation }: RunInHistory): Promise<void> {
    this.calls++;
    const object = this.#env.DAG_RUN.getByName(dagRunObjectName(this.#dagId, runId));
    const found = await object.readHead();
    if (found?.incarnation === incarnation) {
      this.calls++;
      const { usage: _usage, ...head } = found;
      const answer = await this.#env.DAG.getByName(this.#dagId).adoptRun(head);
      if (answer !== "removed") return;
      await object.destroy(incarnation);
    }
    await this.#forget({ runId, incarnation });
    this.orphans++;
  }

  async flush(): Promise<void> {
    await deleteRunsRows(this.#env.DB, this.#dagId, this.#rowsToDelete);
  }

  async #forget({ runId, incarnation }: { readonly runId: RunId; readonly incarnation: string }): Promise<void> {
    this.calls += 4;
    await deleteRunObjects(objectStore(this.#env.OBJECTS), { dagId: this.#dagId, runId, incarnation });
    this.#rowsToDelete.push({ runId, incarnation });
  }
}
