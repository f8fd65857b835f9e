/**
 * @module A fixed list of instants (EventsTimetable): each gives one run; without catchup only those still to come.
 */
import { latestOf, runAt } from "./base.ts";
import type { DagRunInfo, DataInterval, TimeRestriction, Timetable } from "./base.ts";

export class EventsTimetable implements Timetable {
  readonly #at: readonly number[];
  readonly #restrictToEvents: boolean;
  constructor(at: readonly number[], restrictToEvents = false) {
    this.#at = [...new Set(at)].toSorted((a, b) => a - b);
    this.#restrictToEvents = restrictToEvents;
  }

  nextDagRun(last: DataInterval | null, { earliest, latest, catchup, now }: TimeRestriction): DagRunInfo | null {
    const from = latestOf([earliest, catchup ? null : now]);
    const next = this.#at.find((at) => (last === null || at > last.end) && (from === null || at >= from));
    return next === undefined || (latest !== null && next > latest) ? null : runAt(next);
  }

  /** Restricted to events: the newest one until then, or the first when all are still to come. */
  inferManualInterval(runAfter: number): DataInterval {
    const event = this.#restrictToEvents ? (this.#at.findLast((at) => at <= runAfter) ?? this.#at[0]) : undefined;
    const at = event ?? runAfter;
    return { start: at, end: at };
  }
}
