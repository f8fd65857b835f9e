/**
 * @module State, spec, clock, alarm and mirror of one DAG's object: what every call of the host needs.
 */
import type { DagRunHead } from "../../model/dag-run.ts";
import type { DagSpec } from "../../model/dag-spec.ts";
import type { RunId, SpecHash } from "../../model/ids.ts";
import { Alarm } from "../dag-run/alarm.ts";
import { runRow } from "../history/mirror-rows.ts";
import type { MirrorRow, MirrorRows, PinnedVersion } from "../history/mirror-rows.ts";
import { dagColumns } from "./dag-mirror.ts";
import type { DagPorts } from "./dag-ports.ts";
import type { DagState } from "./dag-state.ts";
import { ExternalWatches } from "./external-watches.ts";
import { isHistoryOwed, owedRows } from "./owed-rows.ts";
import { ASK_AGAIN_MS, failedAgainAt, orderAhead } from "./runs-ahead.ts";
import { nextFireAt } from "./schedule-rows.ts";
import { CONFIRM_MS, countRuns, hasOpenRuns, nextCheckAt, nextQueuedAt } from "./run-rows.ts";
import { hasStorage, readSpec, readState, writeState } from "./storage.ts";

/** Rows that D1 did not take are written again after this, doubled with each further failure. */
const MIRROR_RETRY_MS = 5_000;
const MIRROR_RETRY_MAX_MS = 60_000;
/** Run rows kept for another try; a run's own pushes bring the rest. */
const UNWRITTEN_MAX = 1_000;

export class DagBook {
  readonly ports: DagPorts;
  /** Tasks of other DAGs that wait for runs of this one. */
  readonly watches: ExternalWatches;
  readonly #alarm: Alarm;
  /** Tables once made stay. */
  #hasStorage = false;
  #spec: { readonly hash: SpecHash; readonly pinned: PinnedVersion } | null = null;
  /** When the next open run was to be looked at, as read last; infinite without one. */
  #checkSeenAt: number | undefined;
  /** The DAG's columns have changed since they were last written. */
  #columnsChanged = true;
  /** Runs just made, by id: not given to the history yet, because their own pushes may come first. */
  readonly #fresh = new Map<RunId, MirrorRow>();
  #gathering = false;
  /** When runs ahead were asked for last. Gone with the object: then it asks again. */
  #askedAt = 0;
  /** Rows on their way to D1. */
  #writing: Promise<unknown> = Promise.resolve();
  /** What the history did not take. Gone with the object: then the runs' own pushes bring it. */
  #unwritten: MirrorRow[] = [];
  /** Writes in a row that D1 did not take. */
  #refusals = 0;
  /** Until then a write is under way, or what D1 did not take rests. */
  #retryAt = 0;

  constructor(ports: DagPorts) {
    this.ports = ports;
    this.watches = new ExternalWatches(ports.sql);
    this.#alarm = new Alarm(ports.setAlarm, ports.clock);
  }

  /** Null until the DAG was synced once. */
  read(): DagState | null {
    this.#hasStorage ||= hasStorage(this.ports.sql);
    return this.#hasStorage ? readState(this.ports.sql) : null;
  }

  /** Monotonic: never below what this object has seen. */
  now(state: Pick<DagState, "clock">): number {
    return Math.max(state.clock, this.ports.clock());
  }

  /** The clock of the schedule; null when no tick has said what time it is. */
  scheduleNow(state: DagState): number | null {
    if (this.ports.ownSchedule) return Math.max(state.tickedAt, this.now(state));
    return state.tickedAt === 0 ? null : state.tickedAt;
  }

  /** The version of a spec, null when it is no longer kept. */
  pinned(specHash: SpecHash): PinnedVersion | null {
    if (this.#spec?.hash === specHash) return this.#spec.pinned;
    const pinned = readSpec(this.ports.sql, specHash);
    if (pinned !== null) this.#spec = { hash: specHash, pinned };
    return pinned;
  }

  spec(state: DagState): DagSpec | null {
    return this.pinned(state.specHash)?.spec ?? null;
  }

  /** Whether the DAG catches up, as deployed now. */
  catchup(): boolean {
    const state = this.read();
    return state !== null && this.spec(state)?.catchup === true;
  }

  /** Writes the state, inside the transaction of its change. `columns`: the history's row of the DAG changes with it. */
  save(state: DagState, columns: "columns" | "inner"): void {
    state.clock = this.now(state);
    if (columns === "columns") {
      state.seq++;
      this.#columnsChanged = true;
    }
    writeState(this.ports.sql, state);
  }

  /** True when `max_active_runs` lets the schedule make no further run. A DAG that skips or cancels decides at each slot, on time. */
  isBlocked(state: DagState): boolean {
    if (this.spec(state)?.overlap !== undefined) return false;
    const max = this.spec(state)?.maxActiveRuns ?? 0;
    return countRuns(this.ports.sql, "open", false, max) >= max;
  }

  columns(state: DagState): MirrorRow {
    return dagColumns(this.spec(state), state, this.ports.ownSchedule);
  }

  /** Arms the alarm for the earliest of all it looks at, and of `also`; in the turn of the change. */
  arm(state: DagState, also: number | null = null): void {
    const now = this.now(state);
    const { next } = state;
    const fires = this.ports.ownSchedule && next !== null && !this.isBlocked(state) ? next.runAfter : null;
    const { sql } = this.ports;
    const isOwed = this.#unwritten.length > 0 || state.mirrorOwed || isHistoryOwed(sql);
    const unwritten = isOwed ? (this.#retryAt > now ? this.#retryAt : now + this.#pauseMs) : null;
    const woken = this.watches.dueAt();
    const asked = this.#askTimetable(state, now);
    for (const at of [
      asked,
      fires,
      this.#checkAt(now),
      nextQueuedAt(sql, now),
      nextFireAt(sql),
      unwritten,
      woken,
      also,
    ])
      this.#alarm.arm(at === null ? null : Math.max(at, now));
  }

  /** Asks the author's timetable when runs ahead run short. The answer: when to look again. */
  #askTimetable(state: DagState, now: number): number | null {
    const spec = this.spec(state);
    if (spec?.schedule.kind !== "custom") return null;
    const order = orderAhead(spec, state, now);
    if (order === null) return failedAgainAt(state);
    if (now >= this.#askedAt + ASK_AGAIN_MS) {
      this.#askedAt = now;
      const { askTimetable, later, onError } = this.ports;
      later(askTimetable(order).catch((error: unknown) => onError("timetable", error)));
    }
    return this.#askedAt + ASK_AGAIN_MS;
  }

  /** The answer has come: the next order need not wait. */
  timetableAnswered(): void {
    this.#askedAt = 0;
  }

  alarmFired(): void {
    this.#alarm.fired();
    this.#checkSeenAt = undefined;
  }

  /**
   * When an open run is to be looked at, or earlier. All open runs are read once per alarm only: what changed since is looked at in `CONFIRM_MS` at the
   * earliest, and the alarm may be early.
   */
  #checkAt(now: number): number | null {
    this.#checkSeenAt ??= nextCheckAt(this.ports.sql) ?? Infinity;
    const at = Math.min(this.#checkSeenAt, hasOpenRuns(this.ports.sql) ? now + CONFIRM_MS : Infinity);
    return at === Infinity ? null : at;
  }

  /** Rows of runs just made, and of the DAG; after a short while, not waited for. */
  mirrorLater(heads: readonly DagRunHead[]): void {
    for (const head of heads) this.#fresh.set(head.runId, runRow(head, this.pinned(head.specHash), head.queuedAt));
    if (this.#gathering || !this.#hasNews()) return;
    this.#gathering = true;
    this.ports.later(
      this.ports.gather().then(async () => {
        this.#gathering = false;
        if (this.#hasNews()) await this.mirror([]);
      }),
    );
  }

  #hasNews(): boolean {
    if (this.#fresh.size > 0 || this.#columnsChanged) return true;
    if (this.#refusals === 0) return isHistoryOwed(this.ports.sql);
    return this.ports.clock() >= this.#retryAt;
  }

  /** Rows that a run pushed: its own row takes the place of the one from its creation. Throws while D1 does not answer. */
  async mirrorPush(runId: RunId, rows: Partial<MirrorRows>): Promise<void> {
    if ((rows.runs ?? []).length > 0) this.#fresh.delete(runId);
    const writing = this.ports.mirror(rows);
    this.#writing = Promise.allSettled([this.#writing, writing]);
    await writing;
    // D1 is back: the rest need not wait for its alarm.
    if (this.#refusals > 0) this.ports.later(this.mirror([]));
  }

  /** Settles when D1 has taken, or refused, every row handed over so far. */
  async mirrored(): Promise<void> {
    await Promise.all([this.mirror([]), this.#writing]);
  }

  /** Writes all rows of backfills and schedules that the history lacks; what D1 does not take is tried again by the alarm. */
  async mirrorOwed(): Promise<void> {
    // Page by page.
    // oxlint-disable-next-line no-await-in-loop
    while (isHistoryOwed(this.ports.sql) && (await this.mirror([])));
  }

  /**
   * Writes rows of runs and, if they changed, the DAG's columns. Never throws: what D1 does not take is tried again by the alarm, and the answer is false.
   */
  async mirror(runs: readonly MirrorRow[]): Promise<boolean> {
    const writing = this.#write(runs);
    this.#writing = Promise.allSettled([this.#writing, writing]);
    return await writing;
  }

  async #write(runs: readonly MirrorRow[]): Promise<boolean> {
    const state = this.read();
    if (state === null) return true;
    const rows = [...this.#unwritten, ...this.#fresh.values(), ...runs];
    this.#fresh.clear();
    const owed = this.#columnsChanged || state.mirrorOwed;
    const { backfills, schedules, count, written } = owedRows(this.ports.sql);
    if (rows.length === 0 && !owed && count === 0) return true;
    this.#unwritten = [];
    this.#columnsChanged = false;
    this.#retryAt = this.ports.clock() + this.#pauseMs;
    try {
      await this.ports.mirror({ dags: owed ? [this.columns(state)] : [], runs: rows, backfills, schedules });
      written();
      this.#refusals = 0;
      if (state.mirrorOwed) this.#noteOwed(false);
      return true;
    } catch (error) {
      this.#unwritten = [...rows, ...this.#unwritten].slice(-UNWRITTEN_MAX);
      if (owed) this.#noteOwed(true);
      this.#retryAt = this.ports.clock() + this.#pauseMs;
      this.#refusals++;
      this.ports.onError("mirror", error);
      this.arm(this.read() ?? state);
      return false;
    }
  }

  /** From a write that D1 does not take to the next one. */
  get #pauseMs(): number {
    return Math.min(MIRROR_RETRY_MS * 2 ** this.#refusals, MIRROR_RETRY_MAX_MS);
  }

  /** Written only when D1 fails and when it is back: the rule costs no row. */
  #noteOwed(owed: boolean): void {
    const state = this.read();
    if (state === null) return;
    state.mirrorOwed = owed;
    writeState(this.ports.sql, state);
  }
}
