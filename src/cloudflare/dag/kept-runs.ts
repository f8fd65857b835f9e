/**
 * @module The DAG's runs for the upkeep of the history: pages of them, the end of their retention.
 */
import type { RunId } from "../../model/ids.ts";
import { FINISHED_RUN_STATES } from "../../model/state.ts";
import type { DagRecord, KeptRun, KeptRunsAnswer, KeptRunsRequest } from "../../model/upkeep.ts";
import { backfillsEndedBefore, deleteBackfill, oweBackfills } from "./backfill-rows.ts";
import type { DagBook } from "./dag-book.ts";
import type { OpenRuns } from "./open-runs.ts";
import { deleteRemovedBefore } from "./removed-runs.ts";
import { createdAt } from "./run-id.ts";
import { findRun, newestAutomatedRun, pageOfRuns } from "./run-rows.ts";
import type { RunRow } from "./run-rows.ts";
import { oweSchedules } from "./schedule-rows.ts";
import { keptVersions, Pending } from "./storage.ts";

/** Runs removed at the same time: the platform lets six connections wait for headers. */
const PARALLEL = 6;
/** Backfills of one upkeep. */
const BACKFILLS = 50;

export class KeptRuns {
  readonly #book: DagBook;
  readonly #runs: OpenRuns;

  constructor(book: DagBook, runs: OpenRuns) {
    this.#book = book;
    this.#runs = runs;
  }

  read({ after, upTo, limit, known }: KeptRunsRequest): KeptRunsAnswer | null {
    const { sql } = this.#book.ports;
    if (this.#book.read() === null) return null;
    const isExpired = this.#expiry();
    const rows = pageOfRuns(sql, after, upTo, limit);
    return {
      runs: rows.map(({ runId, incarnation, runType, logicalDate, runAfter, state, endedAt, ...row }): KeptRun => {
        const record = { runId, incarnation, runType, logicalDate, runAfter, state, endedAt };
        return { ...record, isExpired: isExpired({ ...record, ...row }) };
      }),
      isCut: rows.length === limit,
      unknown: known.filter((runId) => findRun(sql, runId) === null),
      ...(after === null ? { expiredBackfills: this.#expiredBackfills() } : {}),
    };
  }

  forgetBackfills(backfillIds: readonly number[]): void {
    const { sql } = this.#book.ports;
    const expired = new Set(this.#expiredBackfills());
    sql.transactionSync(() => {
      for (const backfillId of backfillIds) if (expired.has(backfillId)) deleteBackfill(sql, backfillId);
    });
  }

  /** Those that have been cleared or prolonged since they were read stay. */
  async expire(runIds: readonly RunId[]): Promise<readonly RunId[]> {
    const { sql } = this.#book.ports;
    const state = this.#book.read();
    if (state === null) return [];
    const isExpired = this.#expiry();
    const removed: RunId[] = [];
    const queue = runIds.filter((runId) => {
      const run = findRun(sql, runId);
      return run !== null && isExpired(run);
    });
    const worker = async (): Promise<void> => {
      for (let runId = queue.shift(); runId !== undefined; runId = queue.shift()) {
        // PARALLEL workers share the queue.
        // oxlint-disable-next-line no-await-in-loop
        if (await this.#runs.remove(runId, "expired")) removed.push(runId);
      }
    };
    await Promise.all(Array.from({ length: PARALLEL }, worker));
    deleteRemovedBefore(sql, this.#book.now(state), this.#book.read()?.last?.start ?? Number.MIN_SAFE_INTEGER);
    return removed;
  }

  async mirrorAgain(): Promise<DagRecord | null> {
    const { sql } = this.#book.ports;
    const state = this.#book.read();
    const spec = state === null ? null : this.#book.spec(state);
    if (state === null || spec === null) return null;
    sql.transactionSync(() => {
      oweBackfills(sql);
      oweSchedules(sql);
    });
    await this.#book.mirrorOwed();
    const { specHash, versionNumber } = state;
    return { spec, specHash, versionNumber, columns: this.#book.columns(state), versions: keptVersions(sql) };
  }

  #expiredBackfills(): readonly number[] {
    const before = this.#keptSince();
    return before === null ? [] : backfillsEndedBefore(this.#book.ports.sql, before, BACKFILLS);
  }

  /** What ended then or earlier is over its retention; null: nothing ever is. */
  #keptSince(): number | null {
    const state = this.#book.read();
    const own = state === null ? undefined : this.#book.spec(state)?.retentionMs;
    const kept = own === undefined ? this.#book.ports.retentionMs : own;
    return state === null || kept === null ? null : this.#book.now(state) - kept;
  }

  /** Whether a run's retention is over. The newest run of the schedule stays: the next one may depend on it. */
  #expiry(): (run: RunRow) => boolean {
    const since = this.#keptSince();
    const newest = newestAutomatedRun(this.#book.ports.sql);
    return (run) => {
      if ((run.pending & Pending.REMOVE) !== 0) return true;
      if (since === null || !FINISHED_RUN_STATES.has(run.state) || run.runId === newest) return false;
      return (run.endedAt ?? createdAt(run.incarnation)) <= since;
    };
  }
}
