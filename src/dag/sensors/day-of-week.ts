/**
 * @module `dayOfWeek`: waits for a day of the week, UTC (Airflow's `DayOfWeekSensor`). It looks again at midnight, not at every interval.
 */
import type { SensorOptions } from "./sensor.ts";
import type { TaskArg } from "../xcom-arg.ts";
import { again } from "./again.ts";
import { DAY_MS } from "../../lib/time-zone.ts";
import { Fields } from "./fields.ts";
import { invalidDag } from "../invalid-dag.ts";
import { outsideOf } from "../outside.ts";
import { placeBuiltIn } from "./sensor.ts";

const DAYS = ["SUNDAY", "MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY"] as const;
type Day = (typeof DAYS)[number];
/** In capitals, or as a name: `MONDAY`, `Monday`. */
export type WeekDay = Day | Capitalize<Lowercase<Day>> | Lowercase<Day>;

export interface DayOfWeekOptions extends SensorOptions {
  /** One day or several, by their full names. */
  readonly weekDay: WeekDay | readonly WeekDay[];
  /** Compares the run's logical date instead of today: for backfills. A date that does not fit never will; the sensor then waits for its time-out. */
  readonly useTaskLogicalDate?: boolean;
}

/**
 * Waits until it is one of the days.
 * @example
 * dayOfWeek("weekend", { weekDay: ["Saturday", "Sunday"] });
 */
export function dayOfWeek(id: string, options: DayOfWeekOptions): TaskArg<void> {
  const { weekDay, useTaskLogicalDate = false, ...rest } = options;
  const place = { taskId: id };
  const given: readonly string[] = [weekDay].flat();
  const days = new Set(given.map((day) => DAYS.findIndex((known) => known === day.toUpperCase())));
  if (days.size === 0 || days.has(-1))
    throw invalidDag(place, `weekDay ${JSON.stringify(weekDay)} names no day of the week; use ${DAYS.join(", ")}`);
  return placeBuiltIn({
    id,
    operatorName: "DayOfWeekSensor",
    options: rest,
    fields: new Fields(place, { weekDay, useTaskLogicalDate }),
    poke: (_values, context) => {
      const now = outsideOf(context).now();
      const today = new Date(useTaskLogicalDate ? context.logicalDate : now).getUTCDay();
      context.log.info(`Poking until the day is one of ${given.join(", ")}; it is ${DAYS[today]}`);
      if (days.has(today)) return true;
      return again(useTaskLogicalDate ? Number.POSITIVE_INFINITY : (Math.floor(now / DAY_MS) + 1) * DAY_MS);
    },
  });
}
