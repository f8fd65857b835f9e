/**
 * @module What Airflow's trigger timetables share: a run at each fire, with an interval that ends there and is of no length unless one is given.
 */
import type { DeltaSpec } from "../../model/dag-spec.ts";
import { latestOf, runOfInterval } from "./base.ts";
import type { DagRunInfo, DataInterval, TimeRestriction, Timetable } from "./base.ts";
import { subtractDelta } from "./relative-delta.ts";

const NO_LENGTH: DeltaSpec = { months: 0, ms: 0 };

/** Where fires lie. Null: there is none in that direction. */
export interface Fires {
  next(at: number): number | null;
  alignToNext(at: number): number | null;
  alignToPrevious(at: number): number | null;
  /** The first fire of a DAG without a start date. */
  first(now: number): number | null;
}

export class TriggerTimetable implements Timetable {
  readonly #fires: Fires;
  readonly #interval: DeltaSpec;

  constructor(fires: Fires, interval: DeltaSpec = NO_LENGTH) {
    this.#fires = fires;
    this.#interval = interval;
  }

  nextDagRun(last: DataInterval | null, restriction: TimeRestriction): DagRunInfo | null {
    const { latest } = restriction;
    const fire = this.#nextFire(last, restriction);
    if (fire === null || (latest !== null && latest < fire)) return null;
    return runOfInterval(subtractDelta(fire, this.#interval), fire);
  }

  inferManualInterval(runAfter: number): DataInterval {
    return { start: subtractDelta(runAfter, this.#interval), end: runAfter };
  }

  #nextFire(last: DataInterval | null, { earliest, catchup, now }: TimeRestriction): number | null {
    const after = last === null ? null : this.#fires.next(last.end);
    // The only fires of an expression may lie behind the last run: then there is no next one.
    if (last !== null && after === null) return null;
    const first = last === null && earliest === null ? this.#fires.first(now) : null;
    const fromStart = earliest === null ? null : this.#fires.alignToNext(earliest);
    if (catchup) return after ?? first ?? fromStart;
    // The start lies behind all fires.
    if (earliest !== null && fromStart === null) return null;
    return latestOf([this.#fires.alignToPrevious(now), after, first, fromStart]);
  }
}

/** Several of them: with catchup the earliest, without it the newest that has begun, else the first to come. */
export class MultipleTriggerTimetable implements Timetable {
  readonly #each: readonly TriggerTimetable[];
  readonly #interval: DeltaSpec;

  constructor(fires: readonly Fires[], interval: DeltaSpec = NO_LENGTH) {
    this.#each = fires.map((one) => new TriggerTimetable(one, interval));
    this.#interval = interval;
  }

  nextDagRun(last: DataInterval | null, restriction: TimeRestriction): DagRunInfo | null {
    const infos = this.#each
      .map((timetable) => timetable.nextDagRun(last, restriction))
      .filter((info) => info !== null)
      .toSorted((a, b) => a.logicalDate - b.logicalDate);
    if (restriction.catchup) return infos[0] ?? null;
    // As Airflow: compared by logical date, which lies before the fire when an interval is given.
    return infos.findLast((info) => info.logicalDate <= restriction.now) ?? infos[0] ?? null;
  }

  inferManualInterval(runAfter: number): DataInterval {
    return { start: subtractDelta(runAfter, this.#interval), end: runAfter };
  }
}
