/**
 * @module What the pages on timetables, data intervals and catchup claim, on the example DAGs.
 */
import { expect, test } from "vitest";
import { nextDagRun } from "../../src/engine/timetable/next-dag-run.ts";
import type { DataInterval } from "../../src/engine/timetable/base.ts";
import { orderedRuns } from "../../dags/ordered_runs.ts";
import { testDag } from "airflare/testing";
import { timetables } from "../../dags/timetables.ts";

/** A Wednesday; clocks in New York went forward on 8 March 2026. */
const NOW = Date.parse("2026-03-11T18:10:00Z");
const iso = (at: number): string => new Date(at).toISOString().slice(0, 16);

/** The next three runs as `start~end`, seen from `now`. */
function nextThree(dagId: string, now = NOW, over: { catchup?: boolean; startDate?: number } = {}): string[] {
  const example = timetables.find(({ id }) => id === dagId);
  if (example === undefined) throw new Error(`no example ${dagId}`);
  let last: DataInterval | null = null;
  const runs: string[] = [];
  for (let i = 0; i < 3; i++) {
    const info = nextDagRun({ ...example.spec, ...over }, last, now);
    if (info === null) break;
    last = info.interval;
    runs.push(`${iso(last.start)}~${iso(last.end)}`);
  }
  return runs;
}

test.each([
  ["timetable_cron_trigger", ["2026-03-11T06:30~2026-03-11T06:30", "2026-03-12T06:30~2026-03-12T06:30"]],
  ["timetable_cron_interval", ["2026-03-10T06:30~2026-03-11T06:30", "2026-03-11T06:30~2026-03-12T06:30"]],
  ["timetable_weekdays_in_berlin", ["2026-03-10T08:00~2026-03-11T08:00", "2026-03-11T08:00~2026-03-12T08:00"]],
  ["timetable_several_crons", ["2026-03-11T10:00~2026-03-11T10:00", "2026-03-11T22:30~2026-03-11T22:30"]],
  ["timetable_last_friday", ["2026-02-27T17:00~2026-02-27T17:00", "2026-03-27T16:00~2026-03-27T16:00"]],
  ["timetable_every_ninety_minutes", ["2026-03-11T18:10~2026-03-11T18:10", "2026-03-11T19:40~2026-03-11T19:40"]],
  ["timetable_months", ["2026-01-28T05:00~2026-02-28T05:00", "2026-02-28T05:00~2026-03-28T05:00"]],
  ["timetable_events", ["2026-06-12T00:00~2026-06-12T00:00", "2026-07-19T19:00~2026-07-19T19:00"]],
  ["timetable_once", ["2025-01-31T05:00~2025-01-31T05:00"]],
  ["timetable_continuous", ["2025-01-31T05:00~2026-03-11T18:10", "2026-03-11T18:10~2026-03-11T18:10"]],
])("%s: its next runs", (dagId, runs) => {
  expect(nextThree(dagId).slice(0, 2)).toEqual(runs);
});

test("a fixed hour that the clock skips runs once, as much later", () => {
  const startDate = Date.parse("2026-03-07T12:00:00Z");
  const runs = nextThree("timetable_cron_trigger", NOW, { catchup: true, startDate });
  // 03:30, then 02:30 in the new time.
  expect(runs.map((run) => run.slice(0, 16))).toEqual(["2026-03-08T07:30", "2026-03-09T06:30", "2026-03-10T06:30"]);
});

test("a run of the ordered days goes through, each task on the run's own day", async () => {
  const run = await testDag(orderedRuns, { logicalDate: new Date("2026-01-05T00:00:00Z") });
  expect(run.tasks["publish_day"]?.result).toBe("published, closed 2026-01-05");
  expect(
    orderedRuns.tasks.map(({ taskId, dependsOnPast, waitForDownstream }) => [taskId, dependsOnPast, waitForDownstream]),
  ).toEqual([
    ["book_day", true, false],
    ["close_day", true, true],
    ["publish_day", false, false],
  ]);
});
