/**
 * @module `@continuous`: the next run starts as soon as the last has ended (`max_active_runs` is 1). Its interval is the time between.
 */
import { runOfInterval } from "./base.ts";
import type { DagRunInfo, DataInterval, TimeRestriction, Timetable } from "./base.ts";

export class ContinuousTimetable implements Timetable {
  nextDagRun(last: DataInterval | null, { earliest, latest, now }: TimeRestriction): DagRunInfo | null {
    const first = earliest ?? now;
    // A last run that ends in the future belongs to a start date that has moved: its length is kept.
    const start = last === null || last.end > now ? first : last.end;
    const end = last !== null && last.end > now ? first + (last.end - last.start) : Math.max(first, now);
    return latest !== null && end > latest ? null : runOfInterval(start, end);
  }

  inferManualInterval(runAfter: number): DataInterval {
    return { start: runAfter, end: runAfter };
  }
}
