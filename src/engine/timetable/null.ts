/**
 * @module No schedule of its own (NullTimetable, and DAGs that assets trigger): runs are made by hand, by a call or by an event.
 */
import type { DagRunInfo, DataInterval, Timetable } from "./base.ts";

export class NullTimetable implements Timetable {
  nextDagRun(): DagRunInfo | null {
    return null;
  }

  inferManualInterval(runAfter: number): DataInterval {
    return { start: runAfter, end: runAfter };
  }
}
