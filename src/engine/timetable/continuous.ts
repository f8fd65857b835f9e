/**
 * @module `@continuous`: the next run starts as soon as the last has ended (`max_active_runs` is 1). Its interval is the time between.
 */
import { runOfInterval } from "./base.ts";
import type { DagRunInfo, DataInterval, TimeRestriction, Timetable } from "./base.ts";

export class ContinuousTimetable implements Timetable {
  nextDagRun(last: DataInterval | null, { earliest, latest, now }: TimeRestriction): DagRunInfo | null {
    const first = earliest ?? now;
    let interval = { start: first, end: Math.max(first, now) };
    // A last run that ends in the future belongs to a start date that has moved: its length is kept.
    if (last !== null && last.end > now) interval = { start: first, end: first + (last.end - last.start) };
    else if (last !== null) interval = { start: last.end, end: now };
    const { start, end } = interval;
    return latest !== null && end > latest ? null : runOfInterval(start, end);
  }

  inferManualInterval(runAfter: number): DataInterval {
    return { start: runAfter, end: runAfter };
  }
}
