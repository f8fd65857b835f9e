/**
 * @module Sensors that wait for a time: a moment, a while after the data interval, a day of the week. Each pokes at the time itself, not every minute until then.
 */
import { dag, dateTimeSensor, dayOfWeek, task, timeDelta } from "airflare";

const report = task("report", async (_: object, { ds }) => `everything that ${ds} waits for has come`);

export const timeSensors = dag(
  "time_sensors",
  { schedule: null, isPausedUponCreation: true, tags: ["example", "sensor"] },
  () => {
    report().after(
      dateTimeSensor("midnight_of_the_run", { targetTime: (ctx) => `${ctx.ds}T00:00:00Z` }),
      timeDelta("a_second_later", { delta: "1s" }),
      dayOfWeek("any_day", {
        weekDay: ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"],
      }),
    );
  },
);
