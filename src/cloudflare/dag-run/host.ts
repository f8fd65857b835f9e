/**
 * @module Carries the engine inside one run's object: load the run from its rows, hand the engine an event, write all it changed in one transaction,
 * arm the alarm in the same turn, then start what is owed to the outside. Nothing is awaited between reading the run and committing it.
 */
import { attemptBatch, tokenOf } from "./claims.ts";
import { drainOutbox, type WatchAnswer } from "./outbox.ts";
import { freshRun, loadedRun, type LiveRun } from "./live-run.ts";
import { hasRun, writeFacts, writeFixed, writeInstances } from "./storage.ts";
import { type LeaseSettings, type RunEvent, scaledLeases } from "../../model/event.ts";
import { logsDueAt, settleLogs } from "./logs.ts";
import { objectStore, type ObjectStore } from "../object-store.ts";
import { pushDueAt, runStatePushes } from "./mirror.ts";
import { noticesDueAt } from "./notice-rows.ts";
import { sendDueNotices } from "./notices.ts";
import { exchangeSlots, owesSlots, releaseAll } from "./slots.ts";
import { sendUnsent, unroutableReport } from "./dispatch.ts";
import { type TriesOfTokens, writeBook, writeStep } from "./commit.ts";
import { Alarm } from "./alarm.ts";
import type { AttemptBatch, CreateDagRunRequest } from "../../model/protocol.ts";
import { createDagRun } from "../../engine/dag-run/create.ts";
import { Duties } from "./duties.ts";
import type { Env } from "../env.ts";
import { FINISHED_RUN_STATES } from "../../model/state.ts";
import type { HandOffOffer } from "../../model/event.ts";
import { newBook } from "./book.ts";
import type { RunUsage } from "../../model/protocol.ts";
import type { Sql } from "./sql.ts";
import { upgradeStorage } from "./upgrade.ts";
import { withTables } from "./tables.ts";
import { specOfText } from "../spec-texts.ts";
import { nextMissAt } from "../../engine/dag-run/deadlines.ts";
import { step } from "../../engine/dag-run/step.ts";
import type { StepResult } from "../../model/command.ts";

/** What the object hands in; a test may hand in other ones. */
export interface HostPorts {
  readonly sql: Sql;
  readonly env: Env;
  /** The real clock, epoch ms. */
  readonly clock: () => number;
  /** Random 48-bit integer. */
  readonly random: () => number;
  readonly setAlarm: (at: number) => void;
  /** Removes every row and the alarm. */
  readonly deleteAll: () => Promise<void>;
  /** A short wait before the history is told, so that answers go out first and changes close together are told together. */
  readonly pause: () => Promise<void>;
  /** Keeps the object alive for work that goes on behind the answer. */
  readonly waitUntil: (work: Promise<unknown>) => void;
}

export interface ApplyOptions {
  readonly offer?: HandOffOffer | null;
  readonly tries?: TriesOfTokens;
  /** Further rows of the same transaction; called only when the step changed something. */
  readonly also?: (result: StepResult, now: number) => void;
}

/** With a broken alarm handler the object looks again after this. */
const ALARM_RETRY_MS = 10_000;
/** A timer that stays due would fire the alarm without end: at least this lies between two. */
const ALARM_SPACING_MS = 50;
/** `wait` answers this long after the end at the latest, when the history does not acknowledge it. */
const MIRROR_PATIENCE_MS = 5_000;

export class RunHost {
  readonly sql: Sql;
  readonly objects: ObjectStore;
  readonly leases: LeaseSettings;
  readonly #ports: HostPorts;
  readonly handsOff: boolean;
  readonly #alarm: Alarm;
  readonly #duties: Duties;
  readonly #waiting = new Set<() => void>();
  /** Undefined: not read yet. Null: there is no run. */
  #live: LiveRun | null | undefined;

  constructor(ports: HostPorts) {
    this.#ports = ports;
    this.sql = withTables(ports.sql);
    this.objects = objectStore(ports.env.OBJECTS);
    this.leases = scaledLeases(leaseScale(ports.env.AIRFLARE_LEASE_SCALE));
    this.handsOff = ports.env.AIRFLARE_HAND_OFF !== "0";
    this.#alarm = new Alarm(ports.setAlarm, ports.clock);
    this.#duties = new Duties(this.#dutyList(), ports.clock, () => this.#rearm(), logFailure);
  }

  /** The run, or null. The first look after a start arms the alarm and takes up what was under way. */
  live(): LiveRun | null {
    if (this.#live !== undefined) return this.#live;
    upgradeStorage(this.sql);
    if (!hasRun(this.sql)) return (this.#live = null);
    this.#live = loadedRun(this.sql);
    this.#settle();
    return this.#live;
  }

  /** The run from its rows: its spec has changed, and with it what tasks are looked up by. */
  readAnew(): LiveRun | null {
    this.#live = undefined;
    return this.live();
  }

  /** The object's clock: it never goes back. */
  now(live: LiveRun | null): number {
    return Math.max(live?.run.head.lastNow ?? 0, this.#ports.clock());
  }

  /** One event: step, one transaction, alarm, duties. When it throws, nothing was written and the memory is read anew from the rows. */
  apply(live: LiveRun, event: RunEvent, options: ApplyOptions = {}): StepResult {
    const now = this.now(live);
    try {
      const result = this.#step(live, event, now, options.offer ?? null);
      live.book.wakeAt = result.nextWakeAt;
      for (const ord of result.renewals) live.slotRenewals.add(ord);
      if (result.changed)
        this.sql.transactionSync<void>(() => {
          writeStep(this.sql, live, result, options.tries ?? new Map(), now);
          options.also?.(result, now);
          writeBook(this.sql, live);
        });
      this.#settle();
      return result;
    } catch (error) {
      this.#live = undefined;
      throw error;
    }
  }

  /** Creates the run, and starts it when asked, in one transaction; `callId` keeps what was handed off. */
  create(request: CreateDagRunRequest, callId: string): { readonly live: LiveRun; readonly next: AttemptBatch | null } {
    const { head, specText, longest, start } = request;
    const run = createDagRun(head, specOfText(specText), longest, request.limitsDefaultPool ?? false);
    const now = Math.max(head.lastNow, this.#ports.clock());
    run.head.lastNow = now;
    const { live, handOff } = this.sql.transactionSync(() => {
      writeFixed(this.sql, run, specText);
      const created = freshRun(run, newBook(), this.sql);
      const result = start ? this.#step(created, { kind: "run-started" }, now, request.offer) : null;
      if (result !== null) writeStep(this.sql, created, { ...result, instances: [], facts: [] }, new Map(), now);
      else created.book.wakeAt = nextMissAt(run);
      // All rows, not only those the first step changed.
      writeInstances(
        this.sql,
        run.instances,
        run.instances.map((instance) => instance.ord),
      );
      for (const [ord, facts] of run.facts) writeFacts(this.sql, ord, facts);
      const tokens = (result?.handOff ?? []).map((ord) => tokenOf(created, ord));
      if (tokens.length > 0) created.calls.put(callId, { tokens, stale: [] }, now, now + this.leases.runningMs);
      writeBook(this.sql, created);
      return { live: created, handOff: result?.handOff ?? [] };
    });
    this.#live = live;
    this.#settle();
    return { live, next: attemptBatch(this, live, handOff) };
  }

  /** The alarm: catches everything and arms the next one, else the object would sleep for ever. Sends messages, never runs author code. */
  async alarm(): Promise<void> {
    this.#alarm.fired();
    try {
      const live = this.live();
      if (live === null) return;
      this.count("alarms");
      if (live.book.wakeAt !== null && live.book.wakeAt <= this.now(live)) this.apply(live, { kind: "timer-due" });
      await this.#duties.kick();
      this.#rearm();
    } catch (error) {
      logFailure("alarm", error);
      this.#alarm.arm(this.#ports.clock() + ALARM_RETRY_MS);
    }
  }

  /** Heals from outside: whatever the alarm should have done is done now, and the alarm set again even if it was lost. */
  async poke(): Promise<{ readonly owes: boolean }> {
    await this.alarm();
    const live = this.#live;
    const looksAgain = live?.book.wakeAt !== null && live?.book.wakeAt !== undefined;
    return { owes: looksAgain || this.#duties.nextAt() !== null };
  }

  /** Pushes all of the run, as if the history had nothing of it. False: it has not taken it yet; the duty goes on. */
  async mirrorAgain(live: LiveRun): Promise<boolean> {
    live.book.mirroredSeq = -1;
    live.pushNow = true;
    this.sql.transactionSync<void>(() => writeBook(this.sql, live));
    await this.#duties.kick();
    this.#rearm();
    return live.book.mirroredSeq >= live.run.head.seq;
  }

  /** The head when the run has ended and the history has it, or what it is after `timeoutMs`. */
  async wait(timeoutMs: number): Promise<LiveRun | null> {
    const deadline = this.#ports.clock() + timeoutMs;
    for (;;) {
      const live = this.live();
      const now = this.#ports.clock();
      if (live === null || now >= deadline || isSettled(live, now)) return live;
      const { endedAt } = live.run.head;
      const patience = endedAt === null ? deadline : Math.max(now, endedAt + MIRROR_PATIENCE_MS);
      await this.#changeOr(Math.min(deadline, patience) - now);
    }
  }

  /** Rows of notices were written outside an event: duties and alarm follow them. */
  noticesChanged(live: LiveRun): void {
    live.noticesAt = noticesDueAt(this.sql);
    this.#settle();
  }

  /** Forgets the run and every row. */
  async destroy(): Promise<void> {
    const live = this.live();
    this.#live = null;
    this.#alarm.fired();
    await this.#ports.deleteAll();
    this.#notify();
    if (live === null) return;
    // What this does not reach ends with its lease.
    releaseAll(live);
    if (owesSlots(live)) this.#ports.waitUntil(exchangeSlots(this.#ports.env, live));
  }

  /** Counts one use; it is stored with the next commit. */
  count(what: keyof RunUsage): void {
    const book = this.#live?.book;
    if (book !== undefined) book.usage = { ...book.usage, [what]: book.usage[what] + 1 };
  }

  #step(live: LiveRun, event: RunEvent, now: number, offer: HandOffOffer | null): StepResult {
    const taken = this.handsOff && offer !== null ? { offer } : {};
    const result = step(live.run, { event, now, seed: this.#ports.random(), leases: this.leases, ...taken });
    live.run.head.lastNow = now;
    return result;
  }

  /** After each commit and at boot, in the same turn: start the duties, arm the alarm, wake those who wait for the end. */
  #settle(): void {
    // Duties go on behind the answer; each is repeated from the rows, so their failure is not the caller's.
    this.#ports.waitUntil(this.#duties.kick());
    // After the start, because a duty under way needs the alarm only as its watchdog.
    this.#rearm();
    this.#notify();
  }

  #rearm(): void {
    const live = this.#live;
    if (live === null || live === undefined) return;
    const times = [live.book.wakeAt, this.#duties.nextAt()].filter((at) => at !== null);
    if (times.length === 0) return;
    const at = Math.max(Math.min(...times), this.#ports.clock() + ALARM_SPACING_MS);
    // Setting the alarm is a row written, too.
    if (this.#alarm.arm(at)) live.rowsBefore -= 1;
  }

  #dutyList(): ConstructorParameters<typeof Duties>[0] {
    const due = (when: (live: LiveRun) => number | null) => (): number | null =>
      this.#live === null || this.#live === undefined ? null : when(this.#live);
    const run = (perform: (live: LiveRun) => Promise<unknown>) => async (): Promise<void> => {
      if (this.#live !== null && this.#live !== undefined) await perform(this.#live);
    };
    return [
      {
        name: "dispatch",
        dueAt: due((live) => (live.unsent.size > 0 ? 0 : null)),
        run: run((live) => this.#dispatch(live)),
      },
      {
        name: "slots",
        dueAt: due((live) => (owesSlots(live) ? 0 : null)),
        run: run((live) => this.#exchangeSlots(live)),
      },
      {
        name: "outbox",
        dueAt: due((live) => (live.commandsWaiting ? 0 : null)),
        run: run((live) =>
          drainOutbox(this.sql, this.#ports.env, live, {
            onWatched: (answer) => this.#onWatched(live, answer),
            isGone: () => this.#inMemory(live) === null,
            noticeDueAt: () => this.now(live) + this.leases.queuedMs,
          }),
        ),
      },
      {
        name: "notices",
        dueAt: due((live) => live.noticesAt),
        run: run((live) => sendDueNotices(this, this.#ports.env, live, () => this.#inMemory(live) === null)),
      },
      { name: "mirror", dueAt: due(pushDueAt), run: run((live) => this.#push(live)) },
      {
        name: "logs",
        dueAt: due(logsDueAt),
        run: run((live) => settleLogs(this.sql, live, this.objects, () => this.#live === live)),
      },
    ];
  }

  async #dispatch(live: LiveRun): Promise<void> {
    const unroutable = await sendUnsent(this.#ports.env, live);
    if (unroutable.length === 0 || this.#live !== live) return;
    const reports = unroutable.map((attempt) => unroutableReport(attempt, this.now(live)));
    this.apply(live, { kind: "attempts-finished", reports });
  }

  async #exchangeSlots(live: LiveRun): Promise<void> {
    const { words, failure } = await exchangeSlots(this.#ports.env, live);
    const now = this.#inMemory(live);
    if (now !== null) this.apply(now, { kind: "slots-answered", words });
    if (failure !== null) throw failure;
    // A run in flight writes this with its next event; an ended one has none.
    if (now !== null && FINISHED_RUN_STATES.has(now.run.head.state))
      this.sql.transactionSync<void>(() => writeBook(this.sql, now));
  }

  #onWatched(live: LiveRun, answer: WatchAnswer): void {
    // The memory may have been read anew while the question was under way: its row goes, so the answer must arrive.
    const now = this.#inMemory(live);
    if (now !== null) this.apply(now, { kind: "watched-state", ...answer });
  }

  /** The run of `live` as the memory has it now; null when it was deleted, even if another one took its id. */
  #inMemory(live: LiveRun): LiveRun | null {
    const now = this.live();
    return now?.run.head.incarnation === live.run.head.incarnation ? now : null;
  }

  async #push(live: LiveRun): Promise<void> {
    await this.#ports.pause();
    if (this.#live !== live) return;
    const { book } = live;
    const { head } = live.run;
    const { seq } = head;
    for (const push of runStatePushes(this.sql, live)) {
      // One page after the other: the last one says how the run stands, and must not come before the rest.
      // oxlint-disable-next-line no-await-in-loop
      const answer = await this.#ports.env.DAG.getByName(head.dagId).pushRunState(push);
      if (this.#live !== live) return;
      const limited = answer.limitsDefaultPool ?? false;
      if (limited !== live.run.limitsDefaultPool && !FINISHED_RUN_STATES.has(head.state))
        this.apply(live, { kind: "default-pool-limited", limited });
      if (!answer.mirrored) throw new Error(`the history does not take run ${head.runId} of DAG ${head.dagId} yet`);
    }
    book.mirroredSeq = Math.max(book.mirroredSeq, seq);
    book.mirroredAt = this.now(live);
    if (head.seq === seq) live.pushNow = false;
    // A run in flight writes this with its next event; an ended one has none.
    if (FINISHED_RUN_STATES.has(head.state)) this.sql.transactionSync<void>(() => writeBook(this.sql, live));
    this.#notify();
  }

  #notify(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const wake of waiting) wake();
  }

  async #changeOr(ms: number): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    await new Promise<void>((resolve) => {
      timer = setTimeout(resolve, Math.max(1, ms));
      this.#waiting.add(resolve);
    });
    clearTimeout(timer);
  }
}

function isSettled(live: LiveRun, now: number): boolean {
  const { head } = live.run;
  if (!FINISHED_RUN_STATES.has(head.state)) return false;
  return live.book.mirroredSeq >= head.seq || now >= (head.endedAt ?? 0) + MIRROR_PATIENCE_MS;
}

/** Anything but a positive number leaves the leases as they are. */
function leaseScale(text: string | undefined): number {
  const scale = Number(text ?? 1);
  return Number.isFinite(scale) && scale > 0 ? scale : 1;
}

function logFailure(what: string, error: unknown): void {
  console.error(`airflare: ${what} of a run's object failed and is repeated:`, error);
}
