/**
 * @module `timeSensor`: waits for a time of day in the DAG's time zone (Airflow's `TimeSensor`), on the day of its first poke.
 */
import type { SensorOptions } from "./sensor.ts";
import type { TaskArg } from "../xcom-arg.ts";
import { DAY_MS, instantOfWall, wallTime } from "../../lib/time-zone.ts";
import { Fields } from "./fields.ts";
import { hasPassed } from "./date-time.ts";
import { invalidDag } from "../invalid-dag.ts";
import { outsideOf } from "../outside.ts";
import { placeBuiltIn } from "./sensor.ts";

export interface TimeSensorOptions extends SensorOptions {
  /** `HH:MM` or `HH:MM:SS`. */
  readonly targetTime: string;
}

/**
 * Waits until the time of day has passed; at once when it has today.
 * @example
 * timeSensor("after_six", { targetTime: "06:00" });
 */
export function timeSensor(id: string, options: TimeSensorOptions): TaskArg<void> {
  const { targetTime, ...rest } = options;
  const place = { taskId: id };
  const match = /^([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?$/.exec(targetTime);
  if (match === null)
    throw invalidDag(
      place,
      `targetTime ${JSON.stringify(targetTime)} is no time of day; write one like "06:00" or "06:00:30"`,
    );
  const ofDayMs = (Number(match[1]) * 3600 + Number(match[2]) * 60 + Number(match[3] ?? 0)) * 1000;
  return placeBuiltIn({
    id,
    operatorName: "TimeSensor",
    options: rest,
    fields: new Fields(place, { targetTime }),
    poke: (_values, context, { schedule }) => {
      const outside = outsideOf(context);
      const now = outside.now();
      // The day of the first poke: a later one may come after midnight.
      const today = Math.floor(wallTime(schedule.timezone, outside.firstPokedAt ?? now) / DAY_MS) * DAY_MS;
      context.log.info(`Checking if the time (${targetTime}, ${schedule.timezone}) has come`);
      return hasPassed(instantOfWall(schedule.timezone, today + ofDayMs, "first"), now);
    },
  });
}
