/**
 * @module One random world of time: some DAGs under ticks, deploys, pauses, users, backfills, schedules made at run time, with faults until a drawn heal time;
 * each turn of a DAG's object is judged, then calm, then the end of all schedules and rest.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import { handleScheduled } from "../../../src/cloudflare/dag/cron.ts";
import { syncDeployment } from "../../../src/cloudflare/deploy-sync.ts";
import type { DagIndex } from "../../../src/dag/dag-index.ts";
import type { DagSpec } from "../../../src/model/dag-spec.ts";
import { Invocation } from "../adapters/fake-queue.ts";
import { runAs, VirtualTime, withVirtualGlobals } from "../adapters/virtual-time.ts";
import { Violation } from "../invariants.ts";
import { Rng } from "../rng.ts";
import { Calendar, MINUTE, type Slot } from "./calendar.ts";
import { type Cause, causeOf, readBackfills, readRuns, readSchedules } from "./commit.ts";
import { DagJudge } from "./dag-judge.ts";
import { type Bundle, BundleDrawer, type Code, forgetDags, type Pace, PACES } from "./drawn-bundles.ts";
import type { FakeRun } from "./fake-run.ts";
import { checkTimeRest } from "./time-rest.ts";
import { TimeFaults } from "./time-faults.ts";
import { TimePlatform } from "./time-platform.ts";
import { TimeUsers } from "./time-users.ts";

const TRACE_LINES = 80;
const REST_BOUND_MS = 96 * 60 * MINUTE;
/** Ticks before the heal time; all others are missed. */
const TICKS = 40;
/** From the heal time to the moment from which nothing may be overdue: an alarm that was lost shows after the watchdog's time. */
const HEALED_WITHIN_MS = 16 * MINUTE;
const CALM_MS = 60 * MINUTE;
/** Where worlds begin: one calm winter's day, and noon before each change of the clock in Berlin. */
const BEGINNINGS = ["2026-01-10T00:00:00Z", "2026-03-28T12:00:00Z", "2026-10-24T12:00:00Z"].map((text) =>
  Date.parse(text),
);
const CALENDARS = new Map(BEGINNINGS.map((at) => [at, new Calendar(at)]));

export interface TimeOptions {
  readonly realRuns: boolean;
}

export class TimeWorld {
  readonly seed: number;
  readonly faults: TimeFaults;
  readonly trace: string[] = [];
  hash = 0;
  readonly time = new VirtualTime();
  readonly #rng: Rng;
  readonly #randomness: Rng;
  readonly #coverage: Map<string, number>;
  readonly #pace: Pace;
  readonly #endAt: number;
  readonly #dagIds: readonly string[];
  readonly #drawer: BundleDrawer;
  readonly #platform: TimePlatform;
  readonly #users: TimeUsers;
  readonly #calendar: Calendar;
  readonly #judges = new Map<string, DagJudge>();
  /** Calls whose first turn is going on, by DAG. */
  readonly #heard = new Map<string, { readonly cause: Cause; readonly event: number }[]>();
  readonly #bundles: Bundle[] = [];
  #index: DagIndex;

  constructor(seed: number, coverage: Map<string, number>, { realRuns }: TimeOptions, code: Code) {
    forgetDags();
    const rng = new Rng(seed);
    this.seed = seed;
    this.#rng = rng;
    this.#coverage = coverage;
    this.#randomness = new Rng(rng.next());
    const beginning = rng.pick(BEGINNINGS);
    this.time.now = beginning + rng.below(120 * MINUTE);
    this.#calendar = CALENDARS.get(beginning) ?? new Calendar(beginning);
    this.#pace = rng.pick(PACES);
    this.#endAt = this.time.now + this.#pace.horizonMs;
    const healAt = this.#endAt - CALM_MS;
    this.faults = new TimeFaults(rng, this.time, healAt, coverage, (line) => this.#note(line));
    this.#dagIds = Array.from({ length: rng.between(1, 2) }, (_, i) => `time_${seed}_${i}`);
    this.#drawer = new BundleDrawer(rng, this.#pace, this.time.now, code);
    const first = this.#drawer.first(this.#dagIds);
    this.#bundles.push(first);
    this.#note(
      `begin ${[...first.versions.values()].map(({ spec }) => JSON.stringify([spec.dagId, spec.schedule, spec.startDate, spec.endDate, spec.catchup, spec.maxActiveRuns, spec.isPausedUponCreation])).join(" ")}`,
    );
    this.#index = first.index;
    const ownSchedule = rng.chance(0.8);
    for (const dagId of this.#dagIds) this.#judges.set(dagId, new DagJudge(dagId, this.#calendar, ownSchedule));
    const options = { ownSchedule, realRuns, index: () => this.#index };
    const runs = {
      draw: () => this.#drawRun(),
      onStart: (run: FakeRun) => this.#onRunStart(run),
      onEnd: () => undefined,
    };
    this.#platform = new TimePlatform(this.time, this.faults, options, {
      onCall: (dagId, method, args) => this.#onCall(dagId, method, args),
      onCommit: (dagId, kept) => this.#onCommit(dagId, kept),
      runs,
    });
    const deployed = (dagId: string): { index: DagIndex; hash: string } | null => {
      const entry = this.#index.dags[dagId];
      return entry === undefined ? null : { index: this.#index, hash: entry.specHash };
    };
    this.#users = new TimeUsers(rng, this.#platform, this.#pace, deployed, (mark) => this.#met(mark));
    this.#planAll();
  }

  /** Runs to rest. Throws {@link Violation}. */
  async run(): Promise<void> {
    await withVirtualGlobals(this.time, this.#randomness, async () => {
      try {
        await this.time.run(this.#endAt + REST_BOUND_MS);
        checkTimeRest(this.#platform, this.#judges, this.#users);
      } finally {
        // What a violation cut short must come to its end here, not in the next world.
        this.#platform.evictAll();
        await nextTurn();
        this.#platform.close();
      }
    });
  }

  #planAll(): void {
    const rng = this.#rng;
    const { now } = this.time;
    const { healAt } = this.faults;
    const minutes = Math.floor((healAt - now) / MINUTE);
    const first = Math.ceil(now / MINUTE);
    this.#planTick((first + 1) * MINUTE);
    for (let i = 0; i < TICKS; i++) this.#planTick((first + rng.below(minutes)) * MINUTE);
    this.#met("tick missed");
    for (let at = Math.ceil(healAt / MINUTE); at * MINUTE < this.#endAt; at += 1) this.#planTick(at * MINUTE);
    for (let i = rng.below(4); i > 0; i--) this.time.plan(rng.below(healAt - now), () => this.#deployNext());
    for (let i = rng.between(2, 14); i > 0; i--)
      this.time.plan(rng.below(this.#pace.horizonMs), () =>
        this.#users.act(rng.pick(this.#dagIds), this.#slotsAround()),
      );
    this.time.plan(healAt - now, () => this.#note("healed"));
    for (let at = healAt + HEALED_WITHIN_MS; at < this.#endAt; at += MINUTE)
      this.time.plan(at + 30_000 - now, () => this.#checkCalm());
    this.time.plan(this.#endAt - now, () => this.#end());
  }

  #planTick(at: number): void {
    const rng = this.#rng;
    const send = (delayMs: number): void =>
      void this.time.plan(Math.max(0, at - this.time.now) + delayMs, () => this.#tick(at));
    const isLate = at < this.faults.healAt && rng.chance(this.faults.levels["tick late"]);
    if (isLate) this.#met("tick late");
    send(isLate ? rng.below(this.#pace.horizonMs / 3) : rng.below(3_000));
    if (at < this.faults.healAt && rng.chance(this.faults.levels["tick doubled"])) {
      this.#met("tick doubled");
      send(rng.below(120_000));
    }
  }

  #tick(at: number): void {
    const before = this.#bundles.at(-2);
    const isOld = before !== undefined && this.faults.happens("old build ticks", 0.2);
    const index = isOld ? before.index : this.#index;
    const env = this.#platform.env(new Invocation());
    const ctx = { waitUntil: (work: Promise<unknown>): void => void work.catch(() => undefined) };
    // Another isolate has not seen this build yet.
    const seen = this.#rng.chance(0.3) ? { ...index } : index;
    runAs({ isAlive: () => true }, () => handleScheduled({ scheduledTime: at }, env, ctx, seen)).catch(() => undefined);
  }

  #deployNext(): void {
    const [row] = this.#platform.database.read("SELECT bundle_hash FROM deployment");
    if (row?.["bundle_hash"] !== this.#index.bundleHash) this.time.plan(5 * MINUTE, () => this.#deployNext());
    else if (!this.faults.isCalm) this.#deploy(this.#drawer.next(this.#dagIds, this.#bundles.at(-1) as Bundle));
  }

  #deploy(bundle: Bundle): void {
    this.#note(
      `deploy ${bundle.index.bundleHash} ${[...bundle.versions.values()].map(({ spec }) => JSON.stringify([spec.dagId, spec.schedule, spec.startDate, spec.endDate, spec.catchup, spec.maxActiveRuns])).join(" ")}`,
    );
    this.#met("deploy");
    if (Object.keys(bundle.index.dags).length < this.#dagIds.length) this.#met("DAG removed");
    this.#bundles.push(bundle);
    this.#index = bundle.index;
    this.#platform.evictAll();
    if (this.#rng.chance(0.5))
      syncDeployment(this.#platform.env(new Invocation()), bundle.index).catch(() => undefined);
  }

  /** From here on nothing new is due: what is under way must come to its end. */
  #end(): void {
    this.#deploy(this.#drawer.last(this.#dagIds, this.#bundles.at(-1) as Bundle));
    const first = Math.ceil(this.time.now / MINUTE);
    for (let minute = 0; minute < 40; minute++) this.#planTick((first + minute) * MINUTE);
    this.time.plan(5 * MINUTE, () => this.#users.end(this.#dagIds));
  }

  #onCall(dagId: string, method: string, args: readonly unknown[]): void {
    const [first] = args;
    this.#note(
      `${dagId} ${method} ${typeof first === "number" || typeof first === "string" || typeof first === "boolean" ? first : ""}`,
    );
    const cause = causeOf(method, args);
    if (cause === null) return;
    // The run's object goes first: the row follows in a later turn.
    if (cause.kind === "delete") return this.#judges.get(dagId)?.mayVanish(cause.runId);
    const heard = this.#heard.get(dagId) ?? [];
    const entry = { cause, event: this.time.events };
    heard.push(entry);
    // An object that stores nothing for it goes on; that shows only when it is told all the same.
    if (cause.kind === "retire")
      this.time.plan(0, () => void (this.#heard.get(dagId)?.includes(entry) && this.#judges.get(dagId)?.retire()));
    this.#heard.set(dagId, heard);
  }

  #onCommit(dagId: string, kept: boolean): void {
    const heard = this.#heard.get(dagId) ?? [];
    this.#heard.set(dagId, []);
    if (!kept) return this.#note(`${dagId} commit lost`);
    // What a turn wrote before a statement failed was undone.
    if (this.faults.failedAt === this.time.events) heard.length = 0;
    const causes = heard.filter(({ event }) => event === this.time.events).map(({ cause }) => cause);
    const clock = this.time.now + this.time.skewMs;
    const { storage } = this.#platform.dag(dagId);
    try {
      const stored = { runs: readRuns(storage), backfills: readBackfills(storage), schedules: readSchedules(storage) };
      this.#judges.get(dagId)?.judge({ causes, now: { low: clock, high: clock }, ...stored });
    } catch (error) {
      this.#fail(error);
    }
  }

  #checkCalm(): void {
    for (const [dagId, judge] of this.#judges) {
      const { storage } = this.#platform.dag(dagId);
      const stored = { runs: readRuns(storage), backfills: readBackfills(storage), schedules: readSchedules(storage) };
      judge.checkNothingOverdue(this.time.now, stored);
    }
  }

  /** Out of whatever is going on, into the loop of events. */
  #fail(error: unknown): void {
    this.time.plan(0, () => {
      throw error;
    });
  }

  #drawRun(): { readonly ms: number; readonly succeeds: boolean } {
    const slow = this.#pace.horizonMs / 20;
    return { ms: this.#rng.pick([500, 20_000, slow / 4, slow]), succeeds: this.#rng.chance(0.7) };
  }

  #onRunStart(run: FakeRun): void {
    const { head } = run;
    if (head === null) return;
    this.#note(`run ${head.runId} starts`);
    if (run.starts > 1 + head.generation) this.#fail(new Violation(`${head.runId} started ${run.starts} times`));
  }

  /** Slots that the schedules deployed now have around this moment. */
  #slotsAround(): readonly Slot[] {
    const { now } = this.time;
    const specs = this.#dagIds.flatMap((dagId): readonly DagSpec[] => {
      const version = this.#bundles.at(-1)?.versions.get(dagId);
      return version === undefined ? [] : [version.spec];
    });
    return specs.flatMap((spec) => {
      const next = this.#calendar.nextSlot({ ...spec, catchup: false }, null, now);
      const behind = next === null ? null : this.#calendar.nextSlot({ ...spec, catchup: false }, next, now);
      return [next, behind].filter((slot) => slot !== null);
    });
  }

  #met(mark: string): void {
    this.#coverage.set(mark, (this.#coverage.get(mark) ?? 0) + 1);
  }

  #note(line: string): void {
    const text = `${new Date(this.time.now).toISOString()} ${line}`;
    for (let i = 0; i < text.length; i++) this.hash = (Math.imul(this.hash, 31) + text.charCodeAt(i)) | 0;
    this.trace.push(text);
    if (this.trace.length > TRACE_LINES) this.trace.shift();
  }
}
