/**
 * @module Judges every turn of one DAG's object: which runs appeared, moved and vanished, and whether history (deploys, pauses, ticks, orders) asks for it.
 */
import type { DagSpec } from "../../../src/model/dag-spec.ts";
import type { CreateRunRequest } from "../../../src/model/protocol.ts";
import { Violation } from "../invariants.ts";
import { BackfillJudge } from "./backfill-judge.ts";
import { type Calendar, MINUTE } from "./calendar.ts";
import { type Cause, type Commit, OPEN, type RunRow } from "./commit.ts";
import { FireJudge } from "./fire-judge.ts";
import { SlotJudge } from "./slot-judge.ts";

/** In calm everything is done this long after it was due: a tick, its calls, and orders given again. */
const DONE_WITHIN_MS = 3 * MINUTE;

/** A removal that was cut short is finished by asking again, or by the upkeep of the history. */
const REMOVE = 16;

type Runs = ReadonlyMap<string, RunRow>;

export class DagJudge {
  readonly #dagId: string;
  readonly #slots: SlotJudge;
  readonly #backfills: BackfillJudge;
  readonly #fires: FireJudge;
  readonly #ownSchedule: boolean;
  #spec: DagSpec | null = null;
  #specHash = "";
  #retired = false;
  #paused = false;
  #tickedAt = 0;
  #clock = 0;
  #runs: Runs = new Map();
  /** Runs asked for by hand, by call id. */
  readonly #asked: CreateRunRequest[] = [];
  readonly #toDelete = new Set<string>();
  /** Conf each run is to have. */
  readonly confs = new Map<string, unknown>();

  constructor(dagId: string, calendar: Calendar, ownSchedule: boolean) {
    this.#dagId = dagId;
    this.#ownSchedule = ownSchedule;
    this.#slots = new SlotJudge(calendar);
    this.#backfills = new BackfillJudge(calendar);
    this.#fires = new FireJudge(calendar);
  }

  /** Throws {@link Violation}. */
  judge(commit: Commit): void {
    this.#clock = Math.max(this.#clock, commit.now.high);
    const mustLook = commit.causes.map((cause) => this.#hear(cause, commit)).includes(true);
    const before = this.#runs;
    const after = commit.runs;
    this.#runs = after;
    const made = [...after.values()].filter((run) => before.get(run.runId)?.incarnation !== run.incarnation);
    for (const run of before.values()) this.#checkKept(run, after);
    const times = [commit.now.low, this.#clock];
    const at = this.#scheduleTimes(times);
    const fires = made.filter(({ runType, logicalDate }) => runType === "scheduled" && logicalDate === null);
    const slots = made.filter(({ runType, logicalDate }) => runType === "scheduled" && logicalDate !== null);
    const manual = made.filter(({ runType }) => runType === "manual");
    for (const run of manual) this.#checkManual(run);
    const isActive = this.#isActive;
    if ((slots.length > 0 || fires.length > 0) && !isActive)
      throw this.#violation(`${slots[0]?.runId ?? fires[0]?.runId} was made while the DAG is paused or not deployed`);
    const dates = new Set(slots.map(({ runId }) => runId));
    const taken = takenDates(after, dates);
    const open = countOf(after, (run) => OPEN.has(run.state) && run.runType !== "backfill");
    const room = this.#max - (open - fires.length - slots.length);
    if (at.length > 0 && isActive) this.#slots.pass(at, taken);
    this.#slots.judge(slots, at, taken, room);
    this.#fires.judge(commit.schedules, { made: fires, runs: after, before, times, rests: !isActive });
    this.#backfills.judge(commit.backfills, { before, after, rests: !isActive });
    for (const run of [...fires, ...slots]) this.confs.set(run.runId, this.#fires.confOf(run.runId));
    for (const run of made)
      if (run.runType === "backfill") this.confs.set(run.runId, this.#backfills.confOf(run) ?? {});
    this.#checkTurns(before, after);
    if (mustLook && isActive && slots.length < 50 && open < this.#max && at.length > 0) {
      const owed = this.#slots.overdue(Math.min(...at), taken);
      if (owed !== null) throw this.#violation(`nobody made the slot of ${new Date(owed.start).toISOString()}`);
    }
  }

  /** The DAG is no longer deployed. */
  retire(): void {
    this.#retired = true;
    this.#slots.looksAnew(this.#spec, false, []);
  }

  /** A user asked for the end of this run. */
  mayVanish(runId: string): void {
    this.#toDelete.add(runId);
  }

  /** In calm: nothing is left undone that could be done. */
  checkNothingOverdue(now: number, commit: Omit<Commit, "causes" | "now">): void {
    const at = now - DONE_WITHIN_MS;
    const { runs } = commit;
    const open = countOf(runs, (run) => OPEN.has(run.state) && run.runType !== "backfill");
    if (this.#isActive && open < this.#max) {
      const [scheduleAt = 0] = this.#scheduleTimes([at]);
      const owed = this.#slots.overdue(this.#ownSchedule ? at : scheduleAt, takenDates(runs, new Set()));
      if (owed !== null && (this.#ownSchedule || this.#tickedAt > 0))
        throw this.#violation(`the slot of ${new Date(owed.start).toISOString()} is overdue`);
    }
    if (this.#isActive) this.#fires.checkNothingOverdue(at);
    const running = countOf(runs, (run) => run.state === "running" && run.runType !== "backfill");
    const waits = [...runs.values()].find(
      (run) => run.state === "queued" && run.runType !== "backfill" && run.runAfter <= at,
    );
    if (waits !== undefined && !this.#paused && running < this.#max)
      throw this.#violation(`${waits.runId} waits though ${running} of ${this.#max} runs are running`);
  }

  /** Everything has ended: no run is open, no order, no backfill, no schedule. */
  checkRest(): void {
    for (const { runId, state, pending } of this.#runs.values())
      if (OPEN.has(state) || (pending & ~REMOVE) !== 0)
        throw this.#violation(`${runId} is ${state}, pending ${pending}, at rest`);
    this.#backfills.checkRest();
  }

  get runs(): Runs {
    return this.#runs;
  }

  get specHash(): string {
    return this.#specHash;
  }

  get max(): number {
    return this.#max;
  }

  get #max(): number {
    return this.#spec?.maxActiveRuns ?? 0;
  }

  get #isActive(): boolean {
    return this.#spec !== null && !this.#retired && !this.#paused;
  }

  /** True when the product must look at its schedule in this turn. */
  #hear(cause: Cause, commit: Commit): boolean {
    const times = [commit.now.low, this.#clock];
    switch (cause.kind) {
      case "sync": {
        const { spec, specHash } = cause;
        if (this.#specHash === specHash && !this.#retired) return false;
        this.#paused = this.#spec === null ? spec.isPausedUponCreation : this.#paused;
        this.#spec = spec;
        this.#specHash = specHash;
        this.#retired = false;
        this.#backfills.deployed(spec);
        this.#slots.looksAnew(spec, this.#isActive, this.#scheduleTimes(times));
        return false;
      }
      case "retire":
        this.retire();
        return false;
      case "pause":
        if (this.#spec === null) return false;
        this.#paused = cause.paused;
        this.#slots.looksAnew(this.#spec, this.#isActive, this.#scheduleTimes(times));
        return true;
      case "tick":
        if (this.#spec === null || cause.at <= this.#tickedAt) return false;
        this.#tickedAt = cause.at;
        return true;
      case "create":
        this.#asked.push(cause.request);
        return false;
      case "backfill":
        this.#backfills.hear(cause.order, times);
        return false;
      case "schedule":
        if (this.#spec !== null) this.#fires.hear(cause.order, this.#specHash);
        return false;
      default:
        return false;
    }
  }

  #scheduleTimes(times: readonly number[]): readonly number[] {
    if (this.#ownSchedule) return times.map((now) => Math.max(now, this.#tickedAt));
    return this.#tickedAt === 0 ? [] : [this.#tickedAt];
  }

  /** Runs vanish only when a user deletes them, and reopen only for a backfill. */
  #checkKept(run: RunRow, after: Runs): void {
    const now = after.get(run.runId);
    const isSame = now?.incarnation === run.incarnation;
    if (!isSame && !this.#toDelete.has(run.runId)) throw this.#violation(`${run.runId} vanished`);
    if (!isSame) return;
    const reopens = !OPEN.has(run.state) && OPEN.has(now.state);
    if (reopens && now.backfillId === run.backfillId)
      throw this.#violation(`${run.runId} was ${run.state} and is ${now.state} again`);
    if (run.state === "running" && now.state === "queued") throw this.#violation(`${run.runId} is queued again`);
    if (now.logicalDate !== run.logicalDate) throw this.#violation(`${run.runId} has another logical date`);
  }

  #checkManual(run: RunRow): void {
    const asked = this.#asked.find(
      ({ runId, logicalDate }) => logicalDate === run.logicalDate && (runId === null || runId === run.runId),
    );
    if (asked === undefined) throw this.#violation(`nobody asked for ${run.runId}`);
    this.#asked.splice(this.#asked.indexOf(asked), 1);
    this.confs.set(run.runId, asked.conf);
  }

  /** Whoever got its turn now fits under the limit, is due, and its DAG is not paused. */
  #checkTurns(before: Runs, after: Runs): void {
    const started = [...after.values()].filter(
      (run) => run.state === "running" && run.runType !== "backfill" && before.get(run.runId)?.state !== "running",
    );
    if (started.length === 0) return;
    const [first] = started;
    if (this.#paused) throw this.#violation(`${first?.runId} starts though the DAG is paused`);
    const early = started.find(({ runAfter }) => runAfter > Math.max(this.#clock, this.#tickedAt));
    if (early !== undefined) throw this.#violation(`${early.runId} starts before its time`);
    const running = countOf(after, (run) => run.state === "running" && run.runType !== "backfill");
    if (running > this.#max)
      throw this.#violation(`${first?.runId} starts as number ${running}, max_active_runs is ${this.#max}`);
  }

  #violation(message: string): Violation {
    return new Violation(`DAG ${this.#dagId}: ${message}`);
  }
}

function takenDates(runs: Runs, without: ReadonlySet<string>): ReadonlySet<number> {
  const dates = [...runs.values()].flatMap(({ runId, logicalDate }) =>
    logicalDate === null || without.has(runId) ? [] : [logicalDate],
  );
  return new Set(dates);
}

function countOf(runs: Runs, fits: (run: RunRow) => boolean): number {
  return [...runs.values()].filter(fits).length;
}
