/**
 * @module Judges the runs of one DAG's schedule: which slot is owed now follows from the deployed schedule, the runs made so far and the clock, looked up in a
 * plain calendar. Every run made must be the one owed, and a turn that looks must leave none owed.
 */
import type { DagSpec } from "../../../src/model/dag-spec.ts";
import { Violation } from "../invariants.ts";
import type { Calendar, Slot } from "./calendar.ts";
import type { RunRow } from "./commit.ts";

/** Runs the product makes in one turn. */
const PAGE = 50;
const PASSED_MAX = 5_000;

export class SlotJudge {
  readonly #calendar: Calendar;
  /** Slots the schedule has behind it: made, and made or passed because another run has the date. */
  #lastMade: Slot | null = null;
  #lastPassed: Slot | null = null;
  /** What the schedule promised when it last looked: a slot that a later look would not find any more. */
  #promised: readonly Slot[] = [];
  #spec: DagSpec | null = null;

  constructor(calendar: Calendar) {
    this.#calendar = calendar;
  }

  /** A deploy, a pause or its end: the schedule looks anew, but owes what it had promised. */
  looksAnew(spec: DagSpec | null, isActive: boolean, at: readonly number[]): void {
    this.#spec = spec;
    this.#promise(isActive, at);
  }

  /** Runs of the schedule made in one turn. `taken`: logical dates of other runs, `room`: how many more runs might be open. */
  judge(made: readonly RunRow[], at: readonly number[], taken: ReadonlySet<number>, room: number): void {
    let left = room;
    for (const run of made.toSorted((a, b) => a.runAfter - b.runAfter)) {
      const owed = this.#owed(at, taken);
      const slot = owed.find(({ start, runAfter }) => start === run.logicalDate && runAfter === run.runAfter);
      if (slot === undefined)
        throw new Violation(
          `the schedule made ${run.runId} of ${run.logicalDate}, it owed ${text(owed)} at ${at.map((now) => new Date(now).toISOString()).join("/")}`,
        );
      if (left-- <= 0) throw new Violation(`the schedule made ${run.runId} above max_active_runs`);
      this.#lastMade = slot;
      this.#lastPassed = slot;
      this.#promise(true, at);
    }
    if (made.length > PAGE) throw new Violation(`${made.length} runs in one turn`);
  }

  /** The slot that must have been made by `at`, or null. */
  overdue(at: number, taken: ReadonlySet<number>): Slot | null {
    const seen = this.#seen(this.#lastPassed, at, taken);
    return seen !== null && seen.runAfter <= at ? seen : null;
  }

  /** Moves over slots whose date another run has. */
  pass(at: readonly number[], taken: ReadonlySet<number>): void {
    for (const now of at) this.#seen(this.#lastPassed, now, taken, true);
    // Without room the schedule may look again and promise what comes next: both is as it should be.
    const promised = this.#promised.filter(({ start }) => !taken.has(start));
    this.#promise(true, at);
    this.#promised = [...promised, ...this.#promised].filter(
      ({ start }, i, all) => all.findIndex((slot) => slot.start === start) === i,
    );
  }

  #owed(at: readonly number[], taken: ReadonlySet<number>): readonly Slot[] {
    const seen = at.flatMap((now) => [
      this.#seen(this.#lastPassed, now, taken) ?? [],
      this.#seen(this.#lastMade, now, taken) ?? [],
    ]);
    const last = this.#lastPassed;
    const promised = this.#promised.filter(({ end }) => last === null || end > last.end);
    const most = Math.max(...at);
    return [...seen.flat(), ...promised].filter(({ runAfter, start }) => runAfter <= most && !taken.has(start));
  }

  #seen(from: Slot | null, now: number, taken: ReadonlySet<number>, moves = false): Slot | null {
    if (this.#spec === null) return null;
    let last = from;
    for (let passed = 0; passed < PASSED_MAX; passed++) {
      const slot = this.#calendar.nextSlot(this.#spec, last, now);
      if (slot === null || slot.runAfter > now || !taken.has(slot.start)) return slot;
      last = slot;
      if (moves) this.#lastPassed = slot;
    }
    throw new Error("a schedule without end");
  }

  #promise(isActive: boolean, at: readonly number[]): void {
    const { lastMade, lastPassed } = { lastMade: this.#lastMade, lastPassed: this.#lastPassed };
    const spec = this.#spec;
    if (!isActive || spec === null) this.#promised = [];
    else
      this.#promised = at.flatMap((now) =>
        [lastMade, lastPassed].flatMap((last) => this.#calendar.nextSlot(spec, last, now) ?? []),
      );
  }
}

function text(slots: readonly Slot[]): string {
  return slots.length === 0 ? "none" : slots.map(({ start }) => new Date(start).toISOString()).join(" or ");
}
