/**
 * @module `dateTimeSensor`: waits for a point in time (Airflow's `DateTimeSensor`). It pokes twice: now, and when the time has come.
 */
import type { SensorOptions } from "./sensor.ts";
import type { TaskArg } from "../xcom-arg.ts";
import { again } from "./again.ts";
import { AirflowException } from "../exceptions.ts";
import { Fields, type Field } from "./fields.ts";
import { invalidDag } from "../invalid-dag.ts";
import { outsideOf } from "../outside.ts";
import { placeBuiltIn } from "./sensor.ts";

export interface DateTimeSensorOptions extends SensorOptions {
  /** A date, or ISO text of one; text without a zone is UTC. */
  readonly targetTime: Field<Date> | Field<string>;
}

/**
 * Waits until the time has passed.
 * @example
 * dateTimeSensor("wait_for_11", { targetTime: (ctx) => `${ctx.ds}T11:00:00Z` });
 */
export function dateTimeSensor(id: string, options: DateTimeSensorOptions): TaskArg<void> {
  const { targetTime, ...rest } = options;
  const place = { taskId: id };
  if (
    (typeof targetTime === "string" || targetTime instanceof Date) &&
    instantOf(targetTime) === undefined &&
    !String(targetTime).includes("{{")
  )
    throw invalidDag(
      place,
      `targetTime ${JSON.stringify(targetTime)} is no date; write one like "2026-01-01T11:00:00Z"`,
    );
  return placeBuiltIn({
    id,
    operatorName: "DateTimeSensor",
    options: rest,
    fields: new Fields(place, { targetTime }),
    poke: ({ targetTime: given }, context) => {
      const target = instantOf(given);
      if (target === undefined)
        throw new AirflowException(`targetTime of task ${context.ti.taskId} is no date: ${JSON.stringify(given)}.`);
      context.log.info(`Checking if the time (${new Date(target).toISOString()}) has come`);
      return hasPassed(target, outsideOf(context).now());
    },
  });
}

/** True once `now` is after the target; until then it is not worth to look again before. */
export function hasPassed(target: number, now: number): true | ReturnType<typeof again> {
  return now > target ? true : again(target + 1);
}

function instantOf(value: unknown): number | undefined {
  const hasZone = typeof value === "string" && /(?:Z|[+-]\d\d:?\d\d)$/.test(value);
  const isDay = typeof value === "string" && /^\d{4}-\d\d-\d\d$/.test(value);
  const at =
    value instanceof Date
      ? value.getTime()
      : typeof value === "string"
        ? Date.parse(hasZone || isDay ? value : `${value.replace(" ", "T")}Z`)
        : Number.NaN;
  return Number.isNaN(at) ? undefined : at;
}
