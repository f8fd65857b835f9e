/**
 * @module Runs that depend on each other: every day in its turn, one at a time; a day that failed stops the days behind it until it is cleared or marked.
 */
import { dag, task } from "airflare";

/** Adds the day to a balance that must not skip one. */
const book = task("book_day", { dependsOnPast: true }, async (_: object, { logicalDate }) =>
  logicalDate.toISOString().slice(0, 10),
);

/** Also waits until the day before was published: `waitForDownstream` looks at the tasks behind it. */
const close = task("close_day", { waitForDownstream: true }, async ({ day }: { day: string }) => `closed ${day}`);
const publish = task("publish_day", async ({ closed }: { closed: string }) => `published, ${closed}`);

export const orderedRuns = dag(
  "ordered_runs",
  {
    scheduleInterval: "@daily",
    startDate: "2026-01-01",
    catchup: true,
    maxActiveRuns: 3,
    isPausedUponCreation: true,
    tags: ["example", "schedule"],
  },
  () => {
    publish({ closed: close({ day: book() }) });
  },
);
