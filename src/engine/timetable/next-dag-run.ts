/**
 * @module From a DAG's spec to its next scheduled run: the timetable of its schedule, its start and end dates, catchup.
 */
import { assertNever } from "../../lib/assert.ts";
import { daysAgoAt } from "../../lib/time-zone.ts";
import type { DagSpec, DeltaSpec, ScheduleSpec } from "../../model/dag-spec.ts";
import type { DagRunInfo, DataInterval, Timetable } from "./base.ts";
import { ContinuousTimetable } from "./continuous.ts";
import { CronClock } from "./cron-clock.ts";
import { CronDataIntervalTimetable } from "./cron-data-interval.ts";
import { parseCron } from "./cron-expression.ts";
import { cronFires } from "./cron-trigger.ts";
import { DeltaDataIntervalTimetable, deltaFires } from "./delta.ts";
import { EventsTimetable } from "./events.ts";
import { NullTimetable } from "./null.ts";
import { OnceTimetable } from "./once.ts";
import { MultipleTriggerTimetable, TriggerTimetable } from "./trigger.ts";

/** What of a spec decides when runs are made. */
export type Scheduled = Pick<DagSpec, "schedule" | "startDate" | "endDate" | "catchup">;

/** The timetable of a schedule. Throws `invalid_dag` for a cron that does not parse. */
export function timetableOf(schedule: ScheduleSpec): Timetable {
  switch (schedule.kind) {
    case "none":
    // The engine runs no author's code: the DAG's object has its runs ahead.
    case "custom":
    case "assets":
      return new NullTimetable();
    case "cron-trigger": {
      const { crons, timezone, interval, runImmediately } = schedule;
      const fires = crons.map((cron) => cronFires(new CronClock(parseCron(cron), timezone), runImmediately));
      const [only] = fires;
      return only !== undefined && fires.length === 1
        ? new TriggerTimetable(only, interval)
        : new MultipleTriggerTimetable(fires, interval);
    }
    case "cron-data-interval":
      return new CronDataIntervalTimetable(new CronClock(parseCron(schedule.cron), schedule.timezone));
    case "delta-trigger":
      return new TriggerTimetable(deltaFires(deltaOf(schedule)), schedule.interval);
    case "delta-data-interval":
      return new DeltaDataIntervalTimetable(deltaOf(schedule));
    case "once":
      return new OnceTimetable();
    case "continuous":
      return new ContinuousTimetable();
    case "events":
      return new EventsTimetable(schedule.at, schedule.restrictToEvents);
    default:
      return assertNever(schedule);
  }
}

function deltaOf({ everyMs, everyMonths = 0 }: { everyMs: number; everyMonths?: number }): DeltaSpec {
  return { months: everyMonths, ms: everyMs };
}

/**
 * The run after the last automated one, as seen at `now`: with catchup each interval in turn, without it the newest that is due.
 * Null when the schedule has ended, or never had a run to make.
 */
export function nextDagRun(dag: Scheduled, last: DataInterval | null, now: number): DagRunInfo | null {
  return timetableOf(dag.schedule).nextDagRun(last, {
    earliest: startDateAt(dag, now),
    latest: dag.endDate,
    catchup: dag.catchup,
    now,
  });
}

/** The start date at `now`; `daysAgo(n)` moves with it. */
export function startDateAt({ startDate }: Pick<DagSpec, "startDate">, now: number): number | null {
  return startDate === null || typeof startDate === "number" ? startDate : daysAgoAt(now, startDate.daysAgo);
}
