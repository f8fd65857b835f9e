/**
 * @module T4: what the decisions about time cost, in one process without any storage: next fires, and a thousand days of a schedule.
 */
import process from "node:process";
import { nextDagRun } from "../../src/engine/timetable/next-dag-run.ts";
import type { Scheduled } from "../../src/engine/timetable/next-dag-run.ts";
import type { DataInterval } from "../../src/engine/timetable/base.ts";
import { nextFire } from "../../src/engine/run-schedule.ts";
import type { Figure, ScaleRow } from "./scale-row.ts";

const FIRES = 100_000;
const DAYS = 1_000;
const DAY_MS = 86_400_000;
const START = Date.parse("2026-01-01T00:00:00Z");

const CRONS = ["*/5 * * * *", "0 2 * * *", "30 6 * * 1-5", "0 0 1 * *"] as const;

export const timetablesRow: ScaleRow = {
  name: "T4",
  what: "next fires computed, and a thousand days of a schedule decided, on one core",
  async measure() {
    const figures: Figure[] = [];
    const figure = (name: string, unit: Figure["unit"], value: number): void =>
      void figures.push({ row: "T4", name, unit, value });
    for (const timezone of ["UTC", "America/New_York"]) {
      for (const cron of CRONS) {
        const seconds = secondsOf(() => fires(cron, timezone));
        figure(`next fires of ${cron} in ${timezone}`, "/s", FIRES / seconds);
      }
      figure(`${DAYS} days of an hourly schedule in ${timezone}`, "ms", secondsOf(() => days(timezone)) * 1_000);
    }
    return figures;
  },
};

/** As a schedule made at run time is moved on: each fire from the one before. */
function fires(cron: string, timezone: string): void {
  const schedule = { timing: { kind: "cron", cron, timezone }, isPaused: false, endDate: null } as const;
  let at = START;
  for (let fire = 0; fire < FIRES; fire++) {
    const next = nextFire(schedule, at);
    // A cron that is rare soon leaves the years that the zones know: it begins anew.
    at = next === null || next > START + 20 * 365 * DAY_MS ? START : next;
  }
}

/** As the DAG's object decides: with catchup, one run after the other. */
function days(timezone: string): void {
  const dag: Scheduled = {
    schedule: { kind: "cron-trigger", crons: ["0 * * * *"], timezone },
    startDate: START,
    endDate: null,
    catchup: true,
  };
  let last: DataInterval | null = null;
  const end = START + DAYS * DAY_MS;
  for (;;) {
    const next = nextDagRun(dag, last, end);
    if (next === null || next.runAfter > end) return;
    last = next.interval;
  }
}

/** CPU time, which other work on the machine does not change much; after one go that compiles. */
function secondsOf(work: () => void): number {
  work();
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000_000;
}
