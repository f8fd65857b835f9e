/**
 * @module One DAG: switches, schedule cursor, creation of runs, `max_active_runs`, who waits for whom. Everything the Durable Object does, on narrow ports.
 *
 * Each call: read, decide and commit in one turn (`transactionSync`), arm the alarm in the same turn, then speak to others. A run and the cursor that
 * made it are one transaction; what others must still be told is a row (`pending`, `watch`) until they have confirmed it.
 */
import { assert } from "../../lib/assert.ts";
import type { BackfillAnswer, BackfillOrder } from "../../model/backfill.ts";
import { AirflareError, errorInfo } from "../../model/error.ts";
import type { ScheduleAnswer, ScheduleOrder } from "../../model/run-schedule.ts";
import type { DagRunHead } from "../../model/dag-run.ts";
import type { DagSpec } from "../../model/dag-spec.ts";
import type { RunId, SpecHash } from "../../model/ids.ts";
import type { CreateRunAnswer, CreateRunRequest, DagRunRecord, RunStatePush } from "../../model/protocol.ts";
import { FINISHED_RUN_STATES } from "../../model/state.ts";
import { pushRows, runRow } from "../history/mirror-rows.ts";
import type { MirrorRow } from "../history/mirror-rows.ts";
import { BackfillDriver } from "./backfill-driver.ts";
import { DagBook } from "./dag-book.ts";
import type { DagPorts } from "./dag-ports.ts";
import { newDagState } from "./dag-state.ts";
import type { DagState } from "./dag-state.ts";
import { noteDurations } from "./durations.ts";
import { newRunHead } from "./new-run.ts";
import { refusal, takenBy } from "./run-conflict.ts";
import { RunMaker } from "./run-maker.ts";
import { RunOrders } from "./run-orders.ts";
import { countRuns, deleteRun, findRun, listRuns, runsToCheck, updateRun } from "./run-rows.ts";
import type { RunRow } from "./run-rows.ts";
import { RunSchedules } from "./run-schedules.ts";
import { promiseNext } from "./schedule-cursor.ts";
import { nextFireAt } from "./schedule-rows.ts";
import {
  deleteCallsBefore,
  deletePendingCreate,
  openStorage,
  Pending,
  readCall,
  readPendingCreate,
  upgradeStorage,
  writeSpec,
} from "./storage.ts";
import { deleteWatchesOf, watchesOf, watchesOn } from "./watchers.ts";
import type { Watch } from "./watchers.ts";

/** An open run is looked at again after this; the DAG's row then names the time for the cron, too. */
const CHECK_OPEN_MS = 600_000;
/** The cron looks this much later than the object's own alarm. */
const WATCHDOG_MARGIN_MS = 60_000;
/** A call without a run id is remembered this long. */
const CALL_KEPT_MS = 3_600_000;
/** Runs looked at per alarm. */
const CHECK_PAGE = 100;

type Refused = Extract<BackfillAnswer, { kind: "refused" }>;

export class DagHost {
  readonly #ports: DagPorts;
  readonly #book: DagBook;
  readonly #orders: RunOrders;
  readonly #maker: RunMaker;
  readonly #backfills: BackfillDriver;
  readonly #schedules: RunSchedules;

  constructor(ports: DagPorts) {
    this.#ports = ports;
    this.#book = new DagBook(ports);
    this.#orders = new RunOrders(ports);
    this.#maker = new RunMaker(this.#book);
    this.#backfills = new BackfillDriver(this.#book, this.#maker);
    this.#schedules = new RunSchedules(this.#book, this.#maker);
    upgradeStorage(ports.sql);
  }

  /** Takes over a deployed spec. The same again changes nothing but that the DAG is deployed (again). */
  syncSpec(spec: DagSpec, specHash: SpecHash): { readonly versionNumber: number; readonly columns: MirrorRow } {
    openStorage(this.#ports.sql);
    const state = this.#book.read() ?? newDagState(spec.dagId, spec.isPausedUponCreation, this.#ports.clock());
    if (state.specHash !== specHash || state.retired) {
      const { heads, more } = this.#ports.sql.transactionSync(() => {
        if (state.specHash !== specHash) writeSpec(this.#ports.sql, ++state.versionNumber, specHash, spec);
        state.specHash = specHash;
        state.retired = false;
        this.#promise(state);
        this.#book.save(state, "columns");
        return this.#follow(state, []);
      });
      this.#settle(state, heads, more);
    }
    return { versionNumber: state.versionNumber, columns: this.#book.columns(state) };
  }

  /** No longer deployed, or its file does not load: the schedule rests, runs in flight go on. */
  retire(): void {
    this.#change((state) => {
      state.retired = true;
      state.next = null;
    });
  }

  setPaused(paused: boolean): void {
    this.#change((state) => {
      state.paused = paused;
      this.#promise(state);
    });
  }

  /** Makes the run, unless its id or logical date is taken. Asking twice gives the same run. */
  async createRun(request: CreateRunRequest): Promise<CreateRunAnswer> {
    const state = this.#book.read();
    const spec = state === null ? null : this.#book.spec(state);
    if (state === null || spec === null || state.specHash !== request.specHash) {
      return { kind: "spec-needed", have: state?.specHash ?? null };
    }
    const repeated = readCall(this.#ports.sql, request.callId);
    const made = repeated === null ? null : findRun(this.#ports.sql, repeated);
    if (made !== null) return await this.#answerExisting(state, request, made);
    let head: DagRunHead;
    try {
      head = newRunHead(spec, request, this.#book.now(state), this.#ports.randomId);
    } catch (error) {
      // Params that do not fit, and a schedule that cannot say its interval: the caller's to mend.
      return { kind: "refused", error: errorInfo(error) };
    }
    const taken = takenBy(this.#ports.sql, head);
    if (taken !== null) return await this.#answerExisting(state, request, taken);
    const run = this.#ports.sql.transactionSync(() => this.#maker.make(state, head, request));
    this.#book.arm(state);
    this.#book.mirrorLater([head]);
    return this.#created(state, request, run);
  }

  /** Plans, makes, reads or changes a backfill. */
  backfill(order: BackfillOrder): BackfillAnswer {
    return this.#order(order, (state, spec) => this.#backfills.carryOut(state, spec, order));
  }

  /** Makes, reads, changes or deletes a schedule made at run time. */
  schedule(order: ScheduleOrder): ScheduleAnswer {
    return this.#order(order, (state, spec) => this.#schedules.carryOut(state, spec, order));
  }

  /** Makes what the schedule owes at `dueAt`. A tick that is no newer than the last does nothing. */
  async tick(dueAt: number): Promise<{ readonly created: number }> {
    const state = this.#book.read();
    if (state === null || dueAt <= state.tickedAt) return { created: 0 };
    const heads = this.#ports.sql.transactionSync(() => {
      state.tickedAt = dueAt;
      return this.#maker.makeDue(state, dueAt, "always");
    });
    this.#book.arm(state);
    this.#book.mirrorLater(heads);
    await this.#orders.give(this.#maker.takeOrders());
    return { created: heads.length };
  }

  /** Takes over a run's state and brings its rows to the history. False: D1 has not taken them, push again. */
  async pushRunState(push: RunStatePush): Promise<{ readonly mirrored: boolean }> {
    const state = this.#book.read();
    const { head } = push;
    const run = state === null ? null : findRun(this.#ports.sql, head.runId);
    // Deleted, or another life of the id: nothing of it may appear again.
    if (state === null || run === null || run.incarnation !== head.incarnation) return { mirrored: true };
    this.#takeOver(state, run, head, push.durations);
    const waiting = watchesOn(this.#ports.sql, head.runId);
    if (waiting.some((watch) => concerns(watch, push))) this.#ports.later(this.#orders.tellWatchers(head.runId));
    try {
      await this.#ports.mirror(pushRows(push, this.#book.pinned(head.specHash), this.#ports.clock()));
      return { mirrored: true };
    } catch (error) {
      this.#ports.onError(`history of run ${head.runId}`, error);
      return { mirrored: false };
    }
  }

  async watch(watch: Watch): Promise<{ readonly passed: boolean; readonly reason: string }> {
    if (this.#backfills.isFirst(watch.runId)) return { passed: true, reason: "the run is the first of its backfill" };
    return await this.#orders.watch(watch, this.#book.catchup());
  }

  readState(): { paused: boolean; specHash: SpecHash | null; nextRunAfter: number | null; activeRuns: number } | null {
    const state = this.#book.read();
    if (state === null) return null;
    const { sql } = this.#ports;
    const activeRuns = countRuns(sql, "open", false) + countRuns(sql, "open", true);
    return { paused: state.paused, specHash: state.specHash, nextRunAfter: state.next?.runAfter ?? null, activeRuns };
  }

  /** Settles when the history has, or has refused, what this object wrote so far: a list read then shows the runs just made. */
  async mirrored(): Promise<void> {
    await this.#book.mirrored();
  }

  listRuns(gte: number, lte: number, limit: number): readonly DagRunRecord[] {
    if (this.#book.read() === null) return [];
    return listRuns(this.#ports.sql, gte, lte, limit).map(
      ({ runId, incarnation, runType, logicalDate, runAfter, state }) => ({
        runId,
        incarnation,
        runType,
        logicalDate,
        runAfter,
        state,
      }),
    );
  }

  /** Removes the run and its object's storage. False when there is none. The object goes first: asking again finishes what was cut short. */
  async deleteRun(runId: RunId): Promise<boolean> {
    const known = this.#book.read() === null ? null : findRun(this.#ports.sql, runId);
    if (known === null) return false;
    await this.#ports.run(runId).destroy(known.incarnation);
    const waiting = watchesOn(this.#ports.sql, runId);
    this.#change((state) => {
      deleteRun(this.#ports.sql, runId);
      deletePendingCreate(this.#ports.sql, runId);
      deleteWatchesOf(this.#ports.sql, runId);
      // A run with the same id made later must sort behind this life.
      state.clock = Math.max(state.clock, this.#book.now(state) + 1);
    });
    this.#ports.later(this.#orders.askAgain(waiting, this.#book.catchup()));
    return true;
  }

  /** Gives open orders again, looks after runs whose look is due, makes what the schedule owes, writes what the history lacks. */
  async sweep(): Promise<void> {
    const state = this.#book.read();
    if (state === null) return;
    const now = this.#book.now(state);
    await Promise.all(
      runsToCheck(this.#ports.sql, now, CHECK_PAGE).map((run) =>
        this.#check(run).catch((error: unknown) => this.#ports.onError(`look after run ${run.runId}`, error)),
      ),
    );
    this.#change((fresh) => {
      deleteCallsBefore(this.#ports.sql, now - CALL_KEPT_MS);
      fresh.watchdogAt = this.#watchdogAt(fresh, now);
    }, "only-if-changed");
  }

  /** The alarm: as a sweep, and it is armed again whatever happens. */
  async alarm(): Promise<void> {
    this.#book.alarmFired();
    try {
      await this.sweep();
    } catch (error) {
      this.#ports.onError("alarm", error);
    } finally {
      const state = this.#book.read();
      if (state !== null) this.#book.arm(state);
    }
  }

  /** One change of the state: committed, then what follows from it (runs that may start, runs that are due). */
  #change(change: (state: DagState) => void, when: "always" | "only-if-changed" = "always"): void {
    const state = this.#book.read();
    if (state === null) return;
    const { heads, more } = this.#ports.sql.transactionSync(() => {
      const before = JSON.stringify(state);
      change(state);
      const at = this.#book.scheduleNow(state);
      const made = at === null ? [] : this.#maker.makeDue(state, at, "never");
      if (when === "always" || made.length > 0 || JSON.stringify(state) !== before) this.#book.save(state, "columns");
      return this.#follow(state, made);
    });
    this.#settle(state, heads, more);
  }

  /** What follows from any change, in its transaction: queued runs get their turn, schedules fire, the backfill goes on. */
  #follow(
    state: DagState,
    made: readonly DagRunHead[],
  ): { readonly heads: readonly DagRunHead[]; readonly more: boolean } {
    this.#maker.startQueued(state);
    const fired = this.#schedules.fire(state);
    const { heads, more } = this.#backfills.fill(state);
    return { heads: [...made, ...fired, ...heads], more };
  }

  /** Carries out an order that needs the deployed spec where it names one. Refusals are answers; nothing of a refused order is stored. */
  #order<Answer>(
    order: { readonly kind: string; readonly specHash?: SpecHash },
    carryOut: (state: DagState, spec: DagSpec) => Answer,
  ): Answer | { readonly kind: "spec-needed"; readonly have: SpecHash | null } | Refused {
    const state = this.#book.read();
    const spec = state === null ? null : this.#book.spec(state);
    if (state === null || spec === null || (order.specHash ?? state.specHash) !== state.specHash)
      return { kind: "spec-needed", have: state?.specHash ?? null };
    try {
      if (order.kind === "read" || order.kind === "dry-run") return carryOut(state, spec);
      const answers: Answer[] = [];
      this.#change((fresh) => {
        answers.push(carryOut(fresh, spec));
        fresh.watchdogAt = this.#watchdogAt(fresh, this.#book.now(fresh));
      }, "only-if-changed");
      const [answer] = answers;
      assert(answer !== undefined, `order ${order.kind} of DAG ${state.dagId} has no answer`);
      return answer;
    } catch (error) {
      if (!(error instanceof AirflareError)) throw error;
      return { kind: "refused", error: errorInfo(error) };
    }
  }

  #takeOver(state: DagState, run: RunRow, head: DagRunHead, durations: Readonly<Record<string, number>>): void {
    const { sql } = this.#ports;
    const finished = FINISHED_RUN_STATES.has(head.state);
    const changed =
      run.state !== head.state && !(run.state === "running" && head.state === "queued" && run.pending !== 0);
    if (!changed && run.pending === 0) return;
    const spec = this.#book.spec(state);
    // The order to run again is still under way: this is the run as it was before.
    if ((run.pending & Pending.REPROCESS) !== 0 && head.backfillId !== String(run.backfillId)) return;
    const { heads, more } = sql.transactionSync(() => {
      this.#orders.confirmCreated(run);
      if (!changed) return { heads: [], more: false };
      const checkAt = finished ? null : this.#book.now(state) + CHECK_OPEN_MS;
      updateRun(sql, run.runId, finished ? { state: head.state, pending: 0, checkAt } : { state: head.state, checkAt });
      if (finished) {
        deleteWatchesOf(sql, run.runId);
        if (spec !== null) noteDurations(sql, spec, durations);
      }
      const at = this.#book.scheduleNow(state);
      const made = at === null ? [] : this.#maker.makeDue(state, at, "if-made");
      return this.#follow(state, made);
    });
    this.#settle(state, heads, more);
  }

  /** Looks after an open run: open orders, an end that was not pushed, tasks that wait. */
  async #check(run: RunRow): Promise<void> {
    const { sql, clock } = this.#ports;
    updateRun(sql, run.runId, { checkAt: clock() + CHECK_OPEN_MS });
    await this.#orders.give([run.runId]);
    const head = await this.#orders.readHead(run.runId);
    if (head === null || head.incarnation !== run.incarnation) return;
    const state = this.#book.read();
    const fresh = findRun(sql, run.runId);
    if (state !== null && fresh !== null && fresh.incarnation === head.incarnation)
      this.#takeOver(state, fresh, head, {});
    if (FINISHED_RUN_STATES.has(head.state))
      await this.#book.mirror([runRow(head, this.#book.pinned(head.specHash), clock())]);
    await Promise.all([
      this.#ports.run(run.runId).poke(),
      this.#orders.tellWatchers(run.runId),
      // The run before may have been deleted, or another one made in between.
      this.#orders.askAgain(watchesOf(sql, run.runId), this.#book.catchup()),
    ]);
  }

  async #answerExisting(state: DagState, request: CreateRunRequest, run: RunRow): Promise<CreateRunAnswer> {
    const sameCall = run.callId === request.callId;
    if (!sameCall && !request.returnExisting) return refusal(state.dagId, request, run);
    // The answer of the first call was lost: its run is still to be created.
    if (sameCall && readPendingCreate(this.#ports.sql, run.runId) !== null) return this.#created(state, request, run);
    const head = readPendingCreate(this.#ports.sql, run.runId) ?? (await this.#orders.readHead(run.runId));
    return head === null ? refusal(state.dagId, request, run) : { kind: "existing", head };
  }

  #created(state: DagState, request: CreateRunRequest, run: RunRow): CreateRunAnswer {
    const create = this.#orders.createRequest(run);
    return create === null ? refusal(state.dagId, request, run) : { kind: "created", create };
  }

  #promise(state: DagState): void {
    const at = this.#book.scheduleNow(state);
    const spec = this.#book.spec(state);
    if (at !== null && spec !== null) promiseNext(spec, state, at);
  }

  /** Behind the transaction, in its turn: the alarm, then what others are to be told. `more`: work is left that the alarm goes on with at once. */
  #settle(state: DagState, heads: readonly DagRunHead[], more: boolean): void {
    this.#book.arm(state, more ? this.#book.now(state) : null);
    this.#book.mirrorLater(heads);
    const runIds = this.#maker.takeOrders();
    if (runIds.length > 0) this.#ports.later(this.#orders.give(runIds));
  }

  #watchdogAt(state: DagState, now: number): number | null {
    const { sql } = this.#ports;
    const open = countRuns(sql, "open", false) + countRuns(sql, "open", true);
    const fires = nextFireAt(sql);
    if (open === 0 && fires === null) return null;
    const at = Math.min(open === 0 ? Infinity : now + CHECK_OPEN_MS, fires ?? Infinity) + WATCHDOG_MARGIN_MS;
    const kept = state.watchdogAt;
    return kept !== null && kept > now && kept <= at ? kept : at;
  }
}

/** True when a push may change the answer of a watch. */
function concerns(watch: Watch, push: RunStatePush): boolean {
  if (FINISHED_RUN_STATES.has(push.head.state)) return true;
  return push.instances.some(({ taskId }) => taskId === watch.taskId || watch.downstream.includes(taskId));
}
