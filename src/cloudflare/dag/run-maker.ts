/**
 * @module Rows of new runs, and whose turn it is: made by a call or by the schedule, started while `max_active_runs` has room. Works inside the caller's transaction.
 */
import type { DagRunInfo } from "../../engine/timetable/base.ts";
import type { DagRunHead } from "../../model/dag-run.ts";
import type { DagSpec } from "../../model/dag-spec.ts";
import { AirflareError } from "../../model/error.ts";
import type { RunId } from "../../model/ids.ts";
import type { CreateRunRequest } from "../../model/protocol.ts";
import type { DagBook } from "./dag-book.ts";
import type { DagState } from "./dag-state.ts";
import { averageRun } from "./durations.ts";
import { newRunHead } from "./new-run.ts";
import { isDateRemoved } from "./removed-runs.ts";
import { takenBy } from "./run-conflict.ts";
import { findBackfill } from "./backfill-rows.ts";
import {
  adoptRun,
  CONFIRM_MS,
  countOpenOf,
  countRuns,
  findRunByLogicalDate,
  hasQueuedRuns,
  insertRun,
  openScheduledRuns,
  queuedRuns,
  updateRun,
} from "./run-rows.ts";
import type { RunRow } from "./run-rows.ts";
import { dueRun, passRun, promiseNext } from "./schedule-cursor.ts";
import { Pending, writeCall, writePendingCreate } from "./storage.ts";

/** Runs of the schedule made in one go; `max_active_runs` is usually the tighter bound. */
const PAGE = 50;

export class RunMaker {
  readonly #book: DagBook;
  #orders: RunId[] = [];

  constructor(book: DagBook) {
    this.#book = book;
  }

  /** Rows of one run, whose id and logical date are free. It starts at once when it may. */
  make(state: DagState, head: DagRunHead, request: CreateRunRequest): RunRow {
    const { sql } = this.#book.ports;
    const now = this.#book.now(state);
    const backfillId = head.backfillId === null ? null : Number(head.backfillId);
    const starts = this.#mayStart(state, head.runType === "backfill", backfillId, head.runAfter);
    const run: RunRow = {
      runId: head.runId,
      incarnation: head.incarnation,
      runType: head.runType,
      logicalDate: head.logicalDate,
      runAfter: head.runAfter,
      state: starts ? "running" : "queued",
      pending: Pending.CREATE,
      checkAt: now + CONFIRM_MS,
      callId: request.callId,
      backfillId,
      endedAt: null,
    };
    insertRun(sql, run, writePendingCreate(sql, head));
    this.#book.watches.oweAll(head.logicalDate);
    if (request.runId === null && request.logicalDate === null) writeCall(sql, request.callId, head.runId, now);
    return run;
  }

  /**
   * Makes the runs that the schedule owes at `at`, oldest first, as long as `max_active_runs` leaves room for open ones. A run that is there already
   * only moves the cursor. `save`: whether the state is written here.
   */
  makeDue(state: DagState, at: number, save: "always" | "if-made" | "never"): readonly DagRunHead[] {
    const spec = this.#book.spec(state);
    const heads: DagRunHead[] = [];
    const promised = JSON.stringify([state.next, state.blocked]);
    if (spec !== null && !state.paused && !state.retired) {
      this.#makeAll(spec, state, at, heads);
      promiseNext(spec, state, at);
      if (state.next !== null && state.next.runAfter <= at && this.#book.isBlocked(state)) state.blocked = true;
      else delete state.blocked;
    }
    const changed = heads.length > 0 || JSON.stringify([state.next, state.blocked]) !== promised;
    if (save === "always" || (save === "if-made" && changed)) this.#book.save(state, changed ? "columns" : "inner");
    return heads;
  }

  /** Gives queued runs their turn, oldest `run_after` first. Their orders wait in {@link takeOrders}. */
  startQueued(state: DagState): void {
    if (!hasQueuedRuns(this.#book.ports.sql)) return;
    for (const backfill of [false, true]) {
      // Of thousands that wait, one is read while there is no room.
      const [first] = queuedRuns(this.#book.ports.sql, backfill, 1);
      if (first === undefined || !this.#mayStart(state, backfill, first.backfillId, first.runAfter)) continue;
      for (const run of queuedRuns(this.#book.ports.sql, backfill, PAGE)) {
        if (!this.#mayStart(state, backfill, run.backfillId, run.runAfter)) break;
        const pending = run.pending | Pending.START;
        updateRun(this.#book.ports.sql, run.runId, {
          state: "running",
          pending,
          checkAt: this.#book.now(state) + CONFIRM_MS,
        });
        this.#orders.push(run.runId);
      }
    }
  }

  /**
   * Makes a run that this object itself brings to its object. Null when its id or date is taken, or when the DAG's params refuse its conf: then
   * nobody is there to be told, so it is reported and passed over.
   */
  makeOwn(spec: DagSpec, state: DagState, request: CreateRunRequest): DagRunHead | null {
    const { sql, randomId, onError } = this.#book.ports;
    try {
      const head = { ...newRunHead(spec, request, this.#book.now(state), randomId), ...averageRun(sql, spec) };
      if (takenBy(sql, head) !== null) return null;
      this.make(state, head, request);
      this.#orders.push(head.runId);
      return head;
    } catch (error) {
      if (!(error instanceof AirflareError)) throw error;
      onError(`${request.triggeredBy} run of ${state.dagId}`, error);
      return null;
    }
  }

  /** An ended run becomes the backfill's and is to run again. */
  adopt(state: DagState, run: RunRow, backfillId: number): void {
    const checkAt = this.#book.now(state) + CONFIRM_MS;
    adoptRun(this.#book.ports.sql, run.runId, backfillId, run.pending | Pending.REPROCESS, checkAt);
    this.#orders.push(run.runId);
  }

  /** An open run is to be cancelled. */
  cancel(state: DagState, run: Pick<RunRow, "runId" | "pending">): void {
    const change = { pending: run.pending | Pending.CANCEL, checkAt: this.#book.now(state) + CONFIRM_MS };
    updateRun(this.#book.ports.sql, run.runId, change);
    this.#orders.push(run.runId);
  }

  /** Runs that got their turn, or were made by the schedule, since the last call: their objects are still to be told. */
  takeOrders(): readonly RunId[] {
    const orders = this.#orders;
    this.#orders = [];
    return orders;
  }

  #makeAll(spec: DagSpec, state: DagState, at: number, heads: DagRunHead[]): void {
    while (heads.length < PAGE) {
      const info = dueRun(spec, state, at);
      if (info === null || this.#book.isBlocked(state)) return;
      const head = this.#makesRoom(spec, state, info) ? this.makeOwn(spec, state, scheduledRequest(state, info)) : null;
      if (head !== null) heads.push(head);
      passRun(state, info);
    }
  }

  /** Whether the slot gets a run, after what the DAG says about runs of the schedule that are not over. */
  #makesRoom(spec: DagSpec, state: DagState, { logicalDate }: DagRunInfo): boolean {
    const { sql } = this.#book.ports;
    if (isDateRemoved(sql, logicalDate)) return false;
    if (spec.overlap === undefined || findRunByLogicalDate(sql, logicalDate) !== null) return true;
    if (spec.overlap === "skip") return openScheduledRuns(sql, 1).length === 0;
    for (const run of openScheduledRuns(sql, Number.MAX_SAFE_INTEGER)) this.cancel(state, run);
    return true;
  }

  /** A backfill has a limit of its own; all other runs share the DAG's. */
  #mayStart(state: DagState, isBackfill: boolean, backfillId: number | null, runAfter: number): boolean {
    if (state.paused || runAfter > Math.max(this.#book.now(state), state.tickedAt)) return false;
    const { sql } = this.#book.ports;
    const own = backfillId === null ? null : findBackfill(sql, backfillId);
    if (own !== null) {
      const { backfillId: id, maxActiveRuns } = own.backfill;
      return countOpenOf(sql, id, "running", maxActiveRuns) < maxActiveRuns;
    }
    const max = this.#book.spec(state)?.maxActiveRuns ?? 0;
    return countRuns(sql, "running", isBackfill, max) < max;
  }
}

function scheduledRequest(state: DagState, info: DagRunInfo): CreateRunRequest {
  return {
    callId: `scheduled:${info.runAfter}`,
    specHash: state.specHash,
    runId: null,
    runType: "scheduled",
    triggeredBy: "timetable",
    triggeringUser: null,
    logicalDate: info.logicalDate,
    dataInterval: info.interval,
    runAfter: info.runAfter,
    conf: {},
    note: null,
    backfillId: null,
    returnExisting: true,
  };
}
