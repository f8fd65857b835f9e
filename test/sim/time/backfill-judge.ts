/**
 * @module Judges a DAG's backfills: each slot of the plan gets its turn once and in order, and what becomes of it follows from the run that is there.
 */
import type { BackfillOrder, BackfillRequest } from "../../../src/model/backfill.ts";
import type { DagSpec } from "../../../src/model/dag-spec.ts";
import { Violation } from "../invariants.ts";
import type { Calendar, Slot } from "./calendar.ts";
import { type BackfillRow, OPEN, type RunRow } from "./commit.ts";

type Runs = ReadonlyMap<string, RunRow>;

interface Known {
  readonly request: BackfillRequest;
  /** As planned at each time the clock may have said: the slots whose turn comes, in order. */
  readonly plan: readonly Slot[];
  cursor: number;
  isOpen: boolean;
}

export class BackfillJudge {
  readonly #calendar: Calendar;
  readonly #known = new Map<number, Known>();
  #spec: DagSpec | null = null;
  #asked: { readonly order: Extract<BackfillOrder, { kind: "create" }>; readonly plan: readonly Slot[] }[] = [];

  constructor(calendar: Calendar) {
    this.#calendar = calendar;
  }

  deployed(spec: DagSpec): void {
    this.#spec = spec;
  }

  hear(order: BackfillOrder, times: readonly number[]): void {
    if (order.kind !== "create" || this.#spec === null) return;
    const { fromDate, toDate, runBackwards } = order.request;
    for (const now of times) {
      const slots = this.#calendar.slotsBetween(this.#spec, fromDate, toDate, now);
      this.#asked.push({ order, plan: runBackwards ? slots.toReversed() : slots });
    }
  }

  confOf(run: RunRow): unknown {
    return run.backfillId === null ? null : this.#known.get(run.backfillId)?.request.conf;
  }

  judge(
    rows: readonly BackfillRow[],
    turn: { readonly before: Runs; readonly after: Runs; readonly rests: boolean },
  ): void {
    for (const row of rows) {
      const known = this.#known.get(row.id) ?? this.#adopt(row);
      if (row.cursor < known.cursor) throw new Violation(`backfill ${row.id} went back to slot ${row.cursor}`);
      if (row.cursor > known.cursor && (turn.rests || row.isPaused))
        throw new Violation(`backfill ${row.id} goes on though it is paused`);
      for (; known.cursor < row.cursor; known.cursor++) this.#checkSlot(row.id, known, turn);
      if (
        known.isOpen &&
        !row.isOpen &&
        !row.isPaused &&
        (row.cursor < known.plan.length || openOf(turn.after, row.id) > 0)
      )
        throw new Violation(`backfill ${row.id} ended at slot ${row.cursor} of ${known.plan.length}`);
      known.isOpen = row.isOpen;
      const grew = openOf(turn.after, row.id) > openOf(turn.before, row.id);
      if (grew && openOf(turn.after, row.id) > known.request.maxActiveRuns)
        throw new Violation(`backfill ${row.id} has ${openOf(turn.after, row.id)} open runs`);
    }
    this.#asked = [];
    this.#checkBelonging(turn);
  }

  checkRest(): void {
    for (const [id, { isOpen, cursor, plan }] of this.#known)
      if (isOpen) throw new Violation(`backfill ${id} is at slot ${cursor} of ${plan.length} at rest`);
  }

  #adopt(row: BackfillRow): Known {
    const asked = this.#asked.filter(({ order }) => order.backfillId === row.id);
    const first = asked.find(({ plan }) => plan.length === row.total);
    if (first === undefined) throw new Violation(`nobody asked for backfill ${row.id} of ${row.total} slots`);
    const known = { request: first.order.request, plan: first.plan, cursor: 0, isOpen: true };
    this.#known.set(row.id, known);
    return known;
  }

  /** What became of the slot at the cursor. */
  #checkSlot(
    id: number,
    { plan, cursor, request }: Known,
    { before, after }: { readonly before: Runs; readonly after: Runs },
  ): void {
    const slot = plan[cursor];
    if (slot === undefined) throw new Violation(`backfill ${id} is behind its last slot`);
    const day = new Date(slot.start).toISOString();
    const now = [...after.values()].find(({ logicalDate }) => logicalDate === slot.start);
    const then = [...before.values()].find(({ logicalDate }) => logicalDate === slot.start);
    const isNew = now !== undefined && now.incarnation !== then?.incarnation;
    if (now === undefined || (isNew && now.runType === "backfill" && now.backfillId !== id))
      throw new Violation(`backfill ${id} passed the slot of ${day} without a run`);
    if (isNew) return;
    // Ended in this turn: its end came first.
    const isAdopted = now.backfillId === id && then?.backfillId !== id;
    const wasOpen = isAdopted ? false : OPEN.has(now.state);
    const ended = isAdopted ? endedAs(then?.state) : now.state;
    const { reprocessBehavior: reprocess } = request;
    if (wasOpen) return;
    const runsAgain = reprocess === "completed" || (reprocess === "failed" && ended !== "success");
    if (isAdopted && reprocess === "none") throw new Violation(`backfill ${id} runs ${now.runId} again`);
    if (!isAdopted && runsAgain && now.backfillId !== id)
      throw new Violation(`backfill ${id} left ${now.runId} as it was`);
    if (isAdopted && !runsAgain) throw new Violation(`backfill ${id} runs ${now.runId} again though it ended ${ended}`);
  }

  /** No run of a backfill is there that a slot's turn does not explain. */
  #checkBelonging({ before, after }: { readonly before: Runs; readonly after: Runs }): void {
    for (const run of after.values()) {
      if (run.backfillId === null || before.get(run.runId)?.backfillId === run.backfillId) continue;
      const known = this.#known.get(run.backfillId);
      const turn = known?.plan.findIndex(({ start }) => start === run.logicalDate) ?? -1;
      if (known === undefined || turn < 0 || turn >= known.cursor)
        throw new Violation(
          `${run.runId} is of backfill ${run.backfillId}, which has no such slot or was not there yet`,
        );
    }
  }
}

/** An open run that was adopted ended in the same turn: how, nobody can see any more. */
function endedAs(state: string | undefined): string {
  return state === undefined || OPEN.has(state) ? "failed" : state;
}

function openOf(runs: Runs, id: number): number {
  return [...runs.values()].filter(({ backfillId, state }) => backfillId === id && OPEN.has(state)).length;
}
