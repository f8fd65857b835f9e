/**
 * @module The DAG's runs on their way: what their objects push, looks at those that were silent for long, and their removal.
 */
import type { DagRunHead } from "../../model/dag-run.ts";
import type { RunId } from "../../model/ids.ts";
import type { RunStatePush } from "../../model/protocol.ts";
import { FINISHED_RUN_STATES } from "../../model/state.ts";
import type { AdoptAnswer } from "../../model/upkeep.ts";
import { pushRows, runRow } from "../history/mirror-rows.ts";
import type { DagBook } from "./dag-book.ts";
import type { DagState } from "./dag-state.ts";
import type { DagTurn } from "./dag-turn.ts";
import { noteDurations, noteRunDuration } from "./durations.ts";
import type { RunMaker } from "./run-maker.ts";
import type { RunOrders } from "./run-orders.ts";
import { takenBy } from "./run-conflict.ts";
import { countOpenRuns, deleteRun, findRun, hasOpenRuns, insertRun, runsToCheck, updateRun } from "./run-rows.ts";
import { isRemoved, noteRemoved } from "./removed-runs.ts";
import type { RunRow } from "./run-rows.ts";
import { nextFireAt } from "./schedule-rows.ts";
import { deletePendingCreate, Pending } from "./storage.ts";
import { deleteWatchesOf, watchesOf, watchesOn } from "./watchers.ts";
import type { Watch } from "./watchers.ts";

/** An open run is looked at again after this; the DAG's row then names the time for the cron, too. */
const CHECK_OPEN_MS = 600_000;
/** The cron looks this much later than the object's own alarm. */
const WATCHDOG_MARGIN_MS = 60_000;
/** Runs looked at per alarm. */
const CHECK_PAGE = 100;

export class OpenRuns {
  readonly #book: DagBook;
  readonly #maker: RunMaker;
  readonly #orders: RunOrders;
  readonly #turn: DagTurn;

  constructor(parts: {
    readonly book: DagBook;
    readonly maker: RunMaker;
    readonly orders: RunOrders;
    readonly turn: DagTurn;
  }) {
    this.#book = parts.book;
    this.#maker = parts.maker;
    this.#orders = parts.orders;
    this.#turn = parts.turn;
  }

  /** Takes over a run's state and brings its rows to the history. False: D1 has not taken them, push again. */
  async push(push: RunStatePush): Promise<{ readonly mirrored: boolean }> {
    const { sql, clock, later, onError } = this.#book.ports;
    const state = this.#book.read();
    const { head } = push;
    const run = state === null ? null : findRun(sql, head.runId);
    // Another life of the id: nothing of it may appear again.
    if (state === null || (run !== null && run.incarnation !== head.incarnation)) return { mirrored: true };
    // A run's object of the build before sends single instances: its next start is of this build and sends blocks.
    if ((push as Partial<RunStatePush>).since === undefined) return { mirrored: false };
    if (run === null) this.#pushedUnknown(head);
    // Reopened, or an old push that was long under way: the run's object knows.
    else if (isOver(run) && !FINISHED_RUN_STATES.has(head.state)) later(this.#lookAfter(run));
    else if (!push.more) this.#takeOver(state, run, head, push.durations);
    if (push.owes) this.#lookAgain(head);
    if (run === null && findRun(sql, head.runId) === null) return { mirrored: true };
    const waiting = watchesOn(sql, head.runId);
    if (waiting.some((watch) => concerns(watch, push))) later(this.#orders.tellWatchers(head.runId));
    try {
      await this.#book.mirrorPush(head.runId, pushRows(push, this.#book.pinned(head.specHash), clock()));
      return { mirrored: true };
    } catch (error) {
      onError(`history of run ${head.runId}`, error);
      this.#lookAgain(head);
      return { mirrored: false };
    }
  }

  /**
   * Removes the run and its object's storage. False when there is none. The order is a row first: what is cut short is finished by asking again, or
   * by the upkeep of the history. `expired`: the schedule must not make the run again when it comes to its date.
   */
  async remove(runId: RunId, why: "deleted" | "expired"): Promise<boolean> {
    const { sql, run, later } = this.#book.ports;
    const known = this.#book.read() === null ? null : findRun(sql, runId);
    if (known === null) return false;
    updateRun(sql, runId, { pending: known.pending | Pending.REMOVE });
    await run(runId).destroy(known.incarnation);
    const waiting = watchesOn(sql, runId);
    this.#turn.change((state) => {
      const ahead = state.last === null || (known.logicalDate ?? 0) > state.last.start;
      noteRemoved(sql, known, why === "expired" && ahead, this.#book.now(state));
      deleteRun(sql, runId);
      deletePendingCreate(sql, runId);
      deleteWatchesOf(sql, runId);
      // A run with the same id made later must sort behind this life.
      state.clock = Math.max(state.clock, this.#book.now(state) + 1);
    });
    later(this.#orders.askAgain(waiting, this.#book.catchup()));
    return true;
  }

  /** Takes over a run whose object exists and that this one does not know, as after a restore to an earlier time. */
  adopt(head: DagRunHead): AdoptAnswer {
    const { sql } = this.#book.ports;
    if (isRemoved(sql, head.incarnation)) return "removed";
    const taken = takenBy(sql, head);
    if (taken !== null) return taken.incarnation === head.incarnation ? "adopted" : "taken";
    const state = this.#book.read();
    if (state === null) return "taken";
    this.#turn.commit(state, () => {
      insertRun(sql, adoptedRow(head, this.#book.now(state)), null);
      return [];
    });
    return "adopted";
  }

  /** Looks after a page of the runs whose look is due: open orders, an end that was not pushed, tasks that wait. */
  async lookAfterDue(now: number): Promise<void> {
    await Promise.all(runsToCheck(this.#book.ports.sql, now, CHECK_PAGE).map((run) => this.#lookAfter(run)));
  }

  count(): number {
    return countOpenRuns(this.#book.ports.sql);
  }

  /** When the cron is to wake this object should its alarm be lost; null while there is nothing to look after. */
  watchdogAt(state: DagState, now: number): number | null {
    const { sql } = this.#book.ports;
    const checks = hasOpenRuns(sql) ? now + CHECK_OPEN_MS : Infinity;
    const at = Math.min(checks, nextFireAt(sql) ?? Infinity) + WATCHDOG_MARGIN_MS;
    if (at === Infinity) return null;
    const kept = state.watchdogAt;
    return kept !== null && kept > now && kept <= at ? kept : at;
  }

  /** Lets the cron wake this object should its alarm be lost; inside a change. */
  watch(state: DagState): void {
    const at = this.watchdogAt(state, this.#book.now(state));
    if (at === state.watchdogAt) return;
    state.watchdogAt = at;
    this.#book.save(state, "columns");
  }

  async #lookAfter(run: RunRow): Promise<void> {
    const { onError } = this.#book.ports;
    await this.#check(run).catch((error: unknown) => onError(`look after run ${run.runId}`, error));
  }

  /** A run that has ended and has still something to tell is looked after as an open one. */
  #lookAgain({ runId, incarnation }: Pick<DagRunHead, "runId" | "incarnation">): void {
    const { sql } = this.#book.ports;
    const state = this.#book.read();
    const run = findRun(sql, runId);
    if (state === null || run === null || run.incarnation !== incarnation || run.checkAt !== null) return;
    const checkAt = this.#book.now(state) + CHECK_OPEN_MS;
    updateRun(sql, runId, { checkAt });
    this.#book.arm(state, checkAt);
  }

  async #check(run: RunRow): Promise<void> {
    const { sql, clock } = this.#book.ports;
    updateRun(sql, run.runId, { checkAt: clock() + CHECK_OPEN_MS });
    await this.#orders.give([run.runId]);
    const head = await this.#orders.readHead(run.runId);
    if (head === null || (run.pending & Pending.REMOVE) !== 0) return await this.#missing(run);
    if (head.incarnation !== run.incarnation) return;
    const state = this.#book.read();
    const fresh = findRun(sql, run.runId);
    if (state !== null && fresh !== null && fresh.incarnation === head.incarnation)
      this.#takeOver(state, fresh, head, {});
    // Its end may be news to the history, too: until its object owes nothing it is looked after.
    this.#lookAgain(head);
    if (FINISHED_RUN_STATES.has(head.state))
      await this.#book.mirror([runRow(head, this.#book.pinned(head.specHash), clock())]);
    const [{ owes }] = await Promise.all([
      this.#book.ports.run(run.runId).poke(),
      this.#orders.tellWatchers(run.runId),
      // The run before may have been deleted, or another one made in between.
      this.#orders.askAgain(watchesOf(sql, run.runId), this.#book.catchup()),
    ]);
    const looked = findRun(sql, run.runId);
    if (!owes && looked !== null && looked.incarnation === run.incarnation && isOver(looked))
      updateRun(sql, run.runId, { checkAt: null });
  }

  /** A run without an object had one and lost it, or its removal was cut short: it would hold its place in `max_active_runs` for ever. */
  async #missing({ runId }: RunRow): Promise<void> {
    const { pending = 0 } = findRun(this.#book.ports.sql, runId) ?? {};
    if ((pending & Pending.CREATE) !== 0) return;
    await this.remove(runId, "deleted");
  }

  /** A run that was removed while its object was made goes again; any other one is the DAG's, as after a restore to an earlier time. */
  #pushedUnknown(head: DagRunHead): void {
    const { sql, run, later, onError } = this.#book.ports;
    if (!isRemoved(sql, head.incarnation)) return void this.adopt(head);
    const gone = run(head.runId).destroy(head.incarnation);
    later(gone.catch((error: unknown) => onError(`removal of run ${head.runId}`, error)));
  }

  #takeOver(state: DagState, run: RunRow, head: DagRunHead, durations: Readonly<Record<string, number>>): void {
    const { sql } = this.#book.ports;
    const finished = FINISHED_RUN_STATES.has(head.state);
    const changed =
      (run.state !== head.state && !(run.state === "running" && head.state === "queued" && run.pending !== 0)) ||
      (finished && run.endedAt !== head.endedAt);
    if (!changed && run.pending === 0) return;
    const spec = this.#book.spec(state);
    // The order to run again is still under way, or the push was: this is the run as it was before.
    if (run.backfillId !== null && head.backfillId !== String(run.backfillId)) return;
    this.#turn.commit(state, () => {
      deletePendingCreate(sql, run.runId);
      const confirmed = run.pending & ~Pending.CREATE;
      if (!changed) {
        if (confirmed !== run.pending) updateRun(sql, run.runId, { pending: confirmed });
        return null;
      }
      const checkAt = finished ? null : this.#book.now(state) + CHECK_OPEN_MS;
      const { endedAt } = head;
      updateRun(sql, run.runId, {
        state: head.state,
        checkAt,
        endedAt,
        pending: finished ? run.pending & Pending.REMOVE : confirmed,
      });
      if (finished) {
        deleteWatchesOf(sql, run.runId);
        if (spec !== null) {
          noteDurations(sql, spec, durations);
          noteRunDuration(sql, spec, head);
        }
      }
      const at = this.#book.scheduleNow(state);
      return at === null ? [] : this.#maker.makeDue(state, at, "if-made");
    });
  }
}

function isOver({ state }: RunRow): boolean {
  return FINISHED_RUN_STATES.has(state);
}

/** An open one is looked at at once: its object says what is owed. */
function adoptedRow(head: DagRunHead, now: number): RunRow {
  return {
    runId: head.runId,
    incarnation: head.incarnation,
    runType: head.runType,
    logicalDate: head.logicalDate,
    runAfter: head.runAfter,
    state: head.state,
    pending: 0,
    checkAt: FINISHED_RUN_STATES.has(head.state) ? null : now,
    callId: "",
    backfillId: head.backfillId === null ? null : Number(head.backfillId),
    endedAt: head.endedAt,
  };
}

/** True when a push may change the answer of a watch. */
function concerns(watch: Watch, push: RunStatePush): boolean {
  if (!push.more && FINISHED_RUN_STATES.has(push.head.state)) return true;
  return push.instances.some(
    ({ taskId, seq }) => seq > push.since && (taskId === watch.taskId || watch.downstream.includes(taskId)),
  );
}
