/**
 * @module `@once`: a single run at the start date, also when that is past and whatever catchup says; without a start date, now.
 */
import { runAt } from "./base.ts";
import type { DagRunInfo, DataInterval, TimeRestriction, Timetable } from "./base.ts";

export class OnceTimetable implements Timetable {
  nextDagRun(last: DataInterval | null, { earliest, latest, now }: TimeRestriction): DagRunInfo | null {
    const at = earliest ?? now;
    return last !== null || (latest !== null && at > latest) ? null : runAt(at);
  }

  inferManualInterval(runAfter: number): DataInterval {
    return { start: runAfter, end: runAfter };
  }
}
