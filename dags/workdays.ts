/**
 * @module A timetable of one's own, as Airflow's custom timetables: a run after each workday, for that day. Saturday, Sunday and holidays have none.
 */
import { dag, type DagRunInfo, type DataInterval, task, Timetable, type TimeRestriction } from "airflare";

const DAY_MS = 24 * 3_600_000;

export class AfterWorkdayTimetable extends Timetable {
  override readonly summary = "after each workday";
  readonly #holidays: ReadonlySet<string>;

  constructor(holidays: readonly string[] = []) {
    super();
    this.#holidays = new Set(holidays);
  }

  override nextDagrunInfo(last: DataInterval | null, { earliest, latest }: TimeRestriction): DagRunInfo | null {
    const from = last?.end ?? earliest;
    if (from === null) return null;
    let day = Math.ceil(from.getTime() / DAY_MS) * DAY_MS;
    while (!this.#isWorkday(new Date(day))) day += DAY_MS;
    if (latest !== null && day > latest.getTime()) return null;
    return { runAfter: new Date(day + DAY_MS), dataInterval: { start: new Date(day), end: new Date(day + DAY_MS) } };
  }

  /** A run by hand is about the last workday that is over. */
  override inferManualDataInterval(runAfter: Date): DataInterval {
    let day = (Math.floor(runAfter.getTime() / DAY_MS) - 1) * DAY_MS;
    while (!this.#isWorkday(new Date(day))) day -= DAY_MS;
    return { start: new Date(day), end: new Date(day + DAY_MS) };
  }

  #isWorkday(day: Date): boolean {
    return ![0, 6].includes(day.getUTCDay()) && !this.#holidays.has(day.toISOString().slice(0, 10));
  }
}

const report = task("report", async (_: object, { dataInterval, log }) => {
  const day = dataInterval.start.toISOString().slice(0, 10);
  log.info(`the workday ${day}`);
  return day;
});

export const workdays = dag(
  "workdays",
  {
    schedule: new AfterWorkdayTimetable(["2026-01-01", "2026-12-25"]),
    startDate: "2026-01-01",
    description: "A run after each workday, by a timetable of our own",
    isPausedUponCreation: true,
    tags: ["example", "schedule"],
  },
  () => {
    report();
  },
);
