/**
 * @module Judges the schedules made at run time: the fire a schedule promises is the first of its definition behind the moment of its last change, and
 * that one is made once, or passed over for a reason.
 */
import type { RunSchedule, ScheduleOrder } from "../../../src/model/run-schedule.ts";
import { isoTimestamp } from "../../../src/lib/time-zone.ts";
import { Violation } from "../invariants.ts";
import type { Calendar } from "./calendar.ts";
import { OPEN, type RunRow, type ScheduleRow } from "./commit.ts";

type Runs = ReadonlyMap<string, RunRow>;

interface Turn {
  readonly made: readonly RunRow[];
  readonly runs: Runs;
  readonly before: Runs;
  readonly times: readonly number[];
  readonly rests: boolean;
}

/** Fires of one turn. */
const PAGE = 200;

export class FireJudge {
  readonly #calendar: Calendar;
  #known: ReadonlyMap<string, ScheduleRow> = new Map();
  #orders: ScheduleOrder[] = [];

  constructor(calendar: Calendar) {
    this.#calendar = calendar;
  }

  hear(order: ScheduleOrder, specHash: string): void {
    if (order.kind !== "read" && !("specHash" in order && order.specHash !== specHash)) this.#orders.push(order);
  }

  confOf(runId: string): unknown {
    return [...this.#known.values()].find(({ schedule }) => runId.startsWith(prefixOf(schedule)))?.schedule.conf ?? {};
  }

  judge(rows: ReadonlyMap<string, ScheduleRow>, turn: Turn): void {
    const orders = this.#orders;
    this.#orders = [];
    const explained = new Set<string>();
    for (const [id, row] of rows) {
      const order = orders.find(({ scheduleId }) => scheduleId === id);
      const then = this.#known.get(id);
      this.#judgeOne(row, then, order, turn, explained);
    }
    const unexplained = turn.made.find(({ runId }) => !explained.has(runId));
    if (unexplained !== undefined) throw new Violation(`${unexplained.runId} is of no schedule that promised it`);
    this.#known = rows;
  }

  checkNothingOverdue(at: number): void {
    const due = [...this.#known.values()].filter(
      ({ nextAt, isDeleted }) => !isDeleted && nextAt !== null && nextAt <= at,
    );
    if (due.length > 0 && due.length < PAGE)
      throw new Violation(
        `schedule ${due[0]?.schedule.scheduleId} should have fired at ${isoTimestamp(due[0]?.nextAt ?? 0)}`,
      );
  }

  #judgeOne(
    row: ScheduleRow,
    then: ScheduleRow | undefined,
    order: ScheduleOrder | undefined,
    turn: Turn,
    explained: Set<string>,
  ): void {
    const { schedule, nextAt, isDeleted } = row;
    const id = schedule.scheduleId;
    const live = then === undefined || then.isDeleted ? undefined : then;
    if (isDeleted) {
      if (live !== undefined && order?.kind !== "delete") throw new Violation(`schedule ${id} vanished`);
      if (nextAt !== null) throw new Violation(`schedule ${id} is deleted and promises a fire`);
      return;
    }
    // A refused patch leaves the schedule as it was.
    const isPatched = order?.kind === "patch" && live?.schedule.updatedAt !== schedule.updatedAt;
    const isOrdered = isPatched || (live === undefined && order?.kind === "create");
    if (live === undefined && !isOrdered) throw new Violation(`nobody asked for schedule ${id}`);
    // An order comes first; what is due by then fires in the same turn.
    const promised = isOrdered ? this.#nextOf(schedule, turn.times) : [live?.nextAt ?? null];
    const fired = turn.made.filter(({ runId }) => runId.startsWith(prefixOf(schedule)));
    for (const run of fired) {
      const isPromised = promised.some((at) => at !== null && run.runId === `${prefixOf(schedule)}${isoTimestamp(at)}`);
      if (!isPromised || run.runAfter > Math.max(...turn.times) || fired.length > 1)
        throw new Violation(`schedule ${id} fired ${run.runId}, it had promised ${promised.join(" or ")}`);
      if (schedule.overlap === "skip" && openBefore(turn, schedule, run) > 0)
        throw new Violation(`schedule ${id} fired ${run.runId} over an open run`);
      explained.add(run.runId);
    }
    const isSame = promised.includes(nextAt);
    if (fired.length === 0 && isSame) return;
    if (!this.#nextOf(schedule, turn.times).includes(nextAt))
      throw new Violation(`schedule ${id} promises ${nextAt} after ${turn.times.join("/")}`);
    if (fired.length > 0 || isOrdered) return;
    const passed = promised[0] ?? 0;
    const made = turn.runs.has(`${prefixOf(schedule)}${isoTimestamp(passed)}`);
    const skips = schedule.overlap === "skip" && openBefore(turn, schedule, null) > 0;
    if (passed > Math.max(...turn.times) || !(turn.rests || made || skips))
      throw new Violation(`schedule ${id} passed over its fire at ${isoTimestamp(passed)}`);
  }

  #nextOf({ timing, endDate, isPaused }: RunSchedule, times: readonly number[]): readonly (number | null)[] {
    return isPaused ? [null] : times.map((now) => this.#calendar.firstFire(timing, endDate, now));
  }
}

function prefixOf({ scheduleId }: RunSchedule): string {
  return `scheduled__${scheduleId}__`;
}

/** Open runs of the schedule beside the one just made. */
function openBefore({ runs }: Turn, schedule: RunSchedule, made: RunRow | null): number {
  return [...runs.values()].filter(
    ({ runId, state }) => runId !== made?.runId && OPEN.has(state) && runId.startsWith(prefixOf(schedule)),
  ).length;
}
