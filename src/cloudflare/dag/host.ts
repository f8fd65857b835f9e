/**
 * @module One DAG: switches, schedule cursor, creation of runs, `max_active_runs`, who waits for whom. Everything the Durable Object does, on narrow ports.
 *
 * Each call: read, decide and commit in one turn (`transactionSync`), arm the alarm in the same turn, then speak to others. A run and the cursor that
 * made it are one transaction; what others must still be told is a row (`pending`, `watch`) until they have confirmed it.
 */
import { assert } from "../../lib/assert.ts";
import type { AssetEvent } from "../../model/asset.ts";
import type { BackfillAnswer, BackfillOrder } from "../../model/backfill.ts";
import { AirflareError, errorInfo } from "../../model/error.ts";
import type { TimetablePage } from "../../model/custom-timetable.ts";
import type { ScheduleAnswer, ScheduleOrder } from "../../model/run-schedule.ts";
import type { DagRunHead } from "../../model/dag-run.ts";
import type { DagSpec } from "../../model/dag-spec.ts";
import type { RunId, SpecHash } from "../../model/ids.ts";
import type { PushAnswer } from "../../model/slot.ts";
import type {
  CreateRunAnswer,
  CreateRunRequest,
  DagApi,
  DagRunRecord,
  ObserveAnswer,
  ObserveRequest,
  RunStatePush,
} from "../../model/protocol.ts";
import type { AdoptAnswer, DagRecord, KeptRunsAnswer, KeptRunsRequest } from "../../model/upkeep.ts";
import type { MirrorRow } from "../history/mirror-rows.ts";
import { AssetQueue } from "./asset-queue.ts";
import { BackfillDriver } from "./backfill-driver.ts";
import { DagBook } from "./dag-book.ts";
import type { DagPorts } from "./dag-ports.ts";
import { newDagState } from "./dag-state.ts";
import type { DagState } from "./dag-state.ts";
import { DagTurn } from "./dag-turn.ts";
import { ExternalWaits } from "./external-waits.ts";
import { OpenRuns } from "./open-runs.ts";
import { RunCreation } from "./run-creation.ts";
import { RunMaker } from "./run-maker.ts";
import { RunOrders } from "./run-orders.ts";
import { KeptRuns } from "./kept-runs.ts";
import { withRememberedRows } from "./remembered-rows.ts";
import { listRuns } from "./run-rows.ts";
import { takeAhead } from "./runs-ahead.ts";
import { RunSchedules } from "./run-schedules.ts";
import { deleteCallsBefore, openStorage, upgradeStorage, writeSpec } from "./storage.ts";
import type { Watch } from "./watchers.ts";

/** A call without a run id is remembered this long. */
const CALL_KEPT_MS = 3_600_000;

type Refused = Extract<BackfillAnswer, { kind: "refused" }>;

export class DagHost {
  readonly #ports: DagPorts;
  readonly #book: DagBook;
  readonly #orders: RunOrders;
  readonly #maker: RunMaker;
  readonly #backfills: BackfillDriver;
  readonly #schedules: RunSchedules;
  readonly #creation: RunCreation;
  readonly #turn: DagTurn;
  readonly #runs: OpenRuns;
  readonly #external: ExternalWaits;
  readonly #kept: KeptRuns;
  /** Events of assets that wait, and those of runs. */
  readonly assets: AssetQueue;

  constructor(given: DagPorts) {
    const ports = { ...given, sql: withRememberedRows(given.sql) };
    this.#ports = ports;
    const book = new DagBook(ports);
    const orders = new RunOrders(ports);
    const maker = new RunMaker(book);
    this.#book = book;
    this.#orders = orders;
    this.#maker = maker;
    this.#backfills = new BackfillDriver(book, maker);
    this.#schedules = new RunSchedules(book, maker);
    this.assets = new AssetQueue(book, maker);
    const { assets } = this;
    this.#turn = new DagTurn({ book, maker, orders, backfills: this.#backfills, schedules: this.#schedules, assets });
    this.#runs = new OpenRuns({ book, maker, orders, turn: this.#turn });
    this.#creation = new RunCreation(book, maker, orders, this.#runs);
    this.#kept = new KeptRuns(book, this.#runs);
    this.#external = new ExternalWaits(book, orders);
    upgradeStorage(ports.sql);
  }

  /** Takes over a deployed spec. The same again changes nothing but that the DAG is deployed (again). */
  syncSpec(spec: DagSpec, specHash: SpecHash): { readonly versionNumber: number; readonly columns: MirrorRow } {
    openStorage(this.#ports.sql);
    const state = this.#book.read() ?? newDagState(spec.dagId, spec.isPausedUponCreation, this.#ports.clock());
    if (state.specHash !== specHash || state.retired) {
      this.#turn.commit(state, () => {
        if (state.specHash !== specHash) writeSpec(this.#ports.sql, ++state.versionNumber, specHash, spec);
        state.specHash = specHash;
        state.retired = false;
        this.assets.link(state);
        this.#turn.promise(state);
        this.#book.save(state, "columns");
        return [];
      });
    }
    return { versionNumber: state.versionNumber, columns: this.#book.columns(state) };
  }

  /** No longer deployed, or its file does not load: the schedule rests, runs in flight go on. */
  retire(): void {
    this.#turn.change((state) => {
      state.retired = true;
      state.next = null;
      this.assets.link(state);
    });
  }

  setPaused(paused: boolean): void {
    this.#turn.change((state) => {
      state.paused = paused;
      this.#turn.promise(state);
    });
  }

  /** Makes the run, unless its id or logical date is taken. Asking twice gives the same run. */
  async createRun(request: CreateRunRequest): Promise<CreateRunAnswer> {
    return await this.#creation.create(request);
  }

  /** Takes events of an asset, which may make a run. Null: taken; else since when the DAG does not want them. */
  takeAssetEvents(uri: string, events: readonly AssetEvent[]): number | null {
    let answer: number | null = this.#ports.clock();
    this.#turn.change((state) => {
      answer = this.assets.take(state, uri, events);
      // A run that waits may wait for long: the cron knows, too.
      this.#runs.watch(state);
    }, "only-if-changed");
    return answer;
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
      // A tick that was long under way says nothing about now.
      return this.#maker.makeDue(state, this.#book.scheduleNow(state) ?? dueAt, "always");
    });
    this.#book.arm(state);
    this.#book.mirrorLater(heads);
    await this.#orders.give(this.#maker.takeOrders());
    return { created: heads.length };
  }

  /** Takes over a run's state and brings its rows to the history. False: D1 has not taken them, push again. */
  async pushRunState(push: RunStatePush): Promise<PushAnswer> {
    const pushed = this.#runs.push(push);
    // In the same turn: the run's row has been changed.
    this.#external.pushed(push);
    const answer = await pushed;
    return this.#book.read()?.limitsDefaultPool === true ? { ...answer, limitsDefaultPool: true } : answer;
  }

  /** Runs hear of it when they are made, and with the answer to their next push. */
  noteDefaultPool(limited: boolean): void {
    const state = this.#book.read();
    if (state === null || (state.limitsDefaultPool ?? false) === limited) return;
    state.limitsDefaultPool = limited;
    this.#ports.sql.transactionSync<void>(() => this.#book.save(state, "inner"));
  }

  async watch(watch: Watch): Promise<{ readonly passed: boolean; readonly reason: string }> {
    if (this.#backfills.isFirst(watch.runId)) return { passed: true, reason: "the run is the first of its backfill" };
    return await this.#orders.watch(watch, this.#book.catchup());
  }

  /** The DAG's runs as a task of another DAG waits for them. */
  async observe(request: ObserveRequest): Promise<ObserveAnswer> {
    return await this.#external.observe(request);
  }

  readState(): Awaited<ReturnType<DagApi["readState"]>> {
    const state = this.#book.read();
    if (state === null) return null;
    const { paused, specHash, next, last } = state;
    const ahead = state.ahead === undefined ? {} : { ahead: state.ahead.runs };
    return { paused, specHash, nextRunAfter: next?.runAfter ?? null, last, ...ahead, activeRuns: this.#runs.count() };
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

  /** Removes the run and its object's storage. False when there is none. */
  async deleteRun(runId: RunId): Promise<boolean> {
    return await this.#runs.remove(runId, "deleted");
  }

  /** Takes over runs ahead that the author's timetable has answered, and makes those that are due. */
  extendTimetable(page: TimetablePage): void {
    this.#turn.change((state) => {
      if (!takeAhead(state, page, this.#book.now(state))) return;
      this.#book.timetableAnswered();
      this.#turn.promise(state);
    }, "only-if-changed");
  }

  /** The code may have changed with a deploy: what is ahead is asked for anew. */
  refreshTimetable(): void {
    this.#turn.change((state) => {
      delete state.ahead;
      this.#book.timetableAnswered();
      this.#turn.promise(state);
    }, "only-if-changed");
  }

  keptRuns(request: KeptRunsRequest): KeptRunsAnswer | null {
    return this.#kept.read(request);
  }

  async expireRuns(runIds: readonly RunId[]): Promise<readonly RunId[]> {
    return await this.#kept.expire(runIds);
  }

  forgetBackfills(backfillIds: readonly number[]): void {
    this.#kept.forgetBackfills(backfillIds);
  }

  adoptRun(head: DagRunHead): AdoptAnswer {
    return this.#runs.adopt(head);
  }

  async mirrorAgain(): Promise<DagRecord | null> {
    return await this.#kept.mirrorAgain();
  }

  /** Gives open orders again, looks after runs whose look is due, makes what the schedule owes, writes what the history lacks. */
  async sweep(): Promise<void> {
    const state = this.#book.read();
    if (state === null) return;
    const now = this.#book.now(state);
    await Promise.all([this.#runs.lookAfterDue(now), this.#external.tell(), this.assets.tell(state)]);
    this.#turn.change((fresh) => {
      deleteCallsBefore(this.#ports.sql, now - CALL_KEPT_MS);
      fresh.watchdogAt = this.#runs.watchdogAt(fresh, now);
    }, "only-if-changed");
  }

  /** The alarm: as a sweep, and it is armed again whatever happens. */
  async alarm(): Promise<void> {
    this.#book.alarmFired();
    try {
      await this.sweep();
      // Thousands of runs that are due at once start page by page, each when most of the one before has started.
      await this.#orders.relieved();
    } catch (error) {
      this.#ports.onError("alarm", error);
    } finally {
      const state = this.#book.read();
      if (state !== null) this.#book.arm(state, this.assets.dueAt());
    }
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
      this.#turn.change((fresh) => {
        answers.push(carryOut(fresh, spec));
        fresh.watchdogAt = this.#runs.watchdogAt(fresh, this.#book.now(fresh));
      }, "only-if-changed");
      const [answer] = answers;
      assert(answer !== undefined, `order ${order.kind} of DAG ${state.dagId} has no answer`);
      return answer;
    } catch (error) {
      if (!(error instanceof AirflareError)) throw error;
      return { kind: "refused", error: errorInfo(error) };
    }
  }
}
