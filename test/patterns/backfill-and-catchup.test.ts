/**
 * @module Pattern "Backfill and Catchup": which runs are made for the past, and the date a task works on.
 */
import { currentOnly, everyInterval } from "../../dags/catchup.ts";
import { expect, test } from "vitest";
import type { Dag } from "../../src/dag/dag.ts";
import { nextDagRun } from "../../src/engine/timetable/next-dag-run.ts";
import { testDag } from "airflare/testing";

const NOW = Date.parse("2024-01-10T10:00:00Z");

/** Logical dates of all runs due at `NOW`, as the schedule makes them one after the other. */
function dueRuns({ spec }: Dag): string[] {
  const dates: string[] = [];
  for (
    let run = nextDagRun(spec, null, NOW);
    run !== null && run.runAfter <= NOW;
    run = nextDagRun(spec, run.interval, NOW)
  ) {
    dates.push(new Date(run.logicalDate).toISOString().slice(0, 10));
  }
  return dates;
}

test("catchup off makes only the run of the current interval", () => {
  expect(dueRuns(currentOnly)).toEqual(["2024-01-09"]);
});

test("catchup on makes every run since the start date, oldest first", () => {
  expect(dueRuns(everyInterval)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9].map((day) => `2024-01-0${day}`));
});

test("a task works on its run's own date", async () => {
  const late = await testDag(everyInterval, { logicalDate: new Date("2024-01-03T00:00:00Z") });
  expect(late.tasks["process_data"]?.result).toMatchObject({ date: new Date("2024-01-03T00:00:00Z") });
});
