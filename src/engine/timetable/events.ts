/**
 * @module A fixed list of instants (EventsTimetable): each gives one run; without catchup only those still to come.
 */
import { latestOf, runAt } from "./base.ts";
import type { DagRunInfo, DataInterval, TimeRestriction, Timetable } from "./base.ts";

export class EventsTimetable implements Timetable {
  readonly #at: readonly number[];
  constructor(at: readonly number[]) {
    this.#at = [...new Set(at)].toSorted((a, b) => a - b);
  }

  nextDagRun(last: DataInterval | null, { earliest, latest, catchup, now }: TimeRestriction): DagRunInfo | null {
    const from = latestOf([earliest, catchup ? null : now]);
    const next = this.#at.find((at) => (last === null || at > last.end) && (from === null || at >= from));
    return next === undefined || (latest !== null && next > latest) ? null : runAt(next);
  }

  inferManualInterval(runAfter: number): DataInterval {
    return { start: runAfter, end: runAfter };
  }
}
