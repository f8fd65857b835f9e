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
import { newRunHead } from "./new-run.ts";
import { takenBy } from "./run-conflict.ts";
import { countRuns, insertRun, queuedRuns, updateRun } from "./run-rows.ts";
import type { RunRow } from "./run-rows.ts";
import { dueRun, passRun, promiseNext } from "./schedule-cursor.ts";
import { Pending, writeCall, writePendingCreate } from "./storage.ts";

/** Until then the run's object must have confirmed that it exists. */
const CONFIRM_MS = 30_000;
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
    const starts = this.#mayStart(state, head.runType === "backfill", head.runAfter);
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
    };
    insertRun(sql, run);
    writePendingCreate(sql, head);
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
    const promised = JSON.stringify(state.next);
    if (spec !== null && !state.paused && !state.retired) {
      this.#makeAll(spec, state, at, heads);
      promiseNext(spec, state, at);
    }
    const changed = heads.length > 0 || JSON.stringify(state.next) !== promised;
    if (save === "always" || (save === "if-made" && changed)) this.#book.save(state, changed ? "columns" : "inner");
    return heads;
  }

  /** Gives queued runs their turn, oldest `run_after` first. Their orders wait in {@link takeOrders}. */
  startQueued(state: DagState): void {
    for (const backfill of [false, true]) {
      for (const run of queuedRuns(this.#book.ports.sql, backfill, PAGE)) {
        if (!this.#mayStart(state, backfill, run.runAfter)) break;
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

  /** Runs that got their turn, or were made by the schedule, since the last call: their objects are still to be told. */
  takeOrders(): readonly RunId[] {
    const orders = this.#orders;
    this.#orders = [];
    return orders;
  }

  #makeAll(spec: DagSpec, state: DagState, at: number, heads: DagRunHead[]): void {
    while (heads.length < PAGE && !this.#book.isBlocked(state)) {
      const info = dueRun(spec, state, at);
      if (info === null) return;
      const head = this.#makeScheduled(spec, state, info);
      if (head !== null) heads.push(head);
      passRun(state, info);
    }
  }

  #makeScheduled(spec: DagSpec, state: DagState, info: DagRunInfo): DagRunHead | null {
    const request = scheduledRequest(state, info);
    const { sql, randomId, onError } = this.#book.ports;
    try {
      const head = newRunHead(spec, request, this.#book.now(state), randomId);
      if (takenBy(sql, head) !== null) return null;
      this.make(state, head, request);
      this.#orders.push(head.runId);
      return head;
    } catch (error) {
      if (!(error instanceof AirflareError)) throw error;
      // A required param without a default: the schedule cannot give it. Airflow refuses such a DAG; here it is reported and passed over.
      onError(`scheduled run of ${state.dagId}`, error);
      return null;
    }
  }

  #mayStart(state: DagState, backfill: boolean, runAfter: number): boolean {
    if (state.paused || runAfter > Math.max(this.#book.now(state), state.tickedAt)) return false;
    const max = this.#book.spec(state)?.maxActiveRuns ?? 0;
    return countRuns(this.#book.ports.sql, "running", backfill) < max;
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
