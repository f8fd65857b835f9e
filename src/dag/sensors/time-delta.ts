/**
 * @module `timeDelta`: waits until a while after the run's data interval has ended (Airflow's `TimeDeltaSensor`); of a run without one, after its `run_after`.
 */
import type { Duration } from "../../lib/duration.ts";
import type { SensorOptions } from "./sensor.ts";
import type { TaskArg } from "../xcom-arg.ts";
import { Fields } from "./fields.ts";
import { hasPassed } from "./date-time.ts";
import { OptionReader } from "../task-spec-of.ts";
import { outsideOf } from "../outside.ts";
import { placeBuiltIn } from "./sensor.ts";

export interface TimeDeltaOptions extends SensorOptions {
  readonly delta: Duration;
}

/**
 * Waits until `delta` after the end of the data interval.
 * @example
 * timeDelta("an_hour_later", { delta: "1h" });
 */
export function timeDelta(id: string, options: TimeDeltaOptions): TaskArg<void> {
  const { delta, ...rest } = options;
  const place = { taskId: id };
  const deltaMs = new OptionReader(place).duration("delta", delta) ?? 0;
  return placeBuiltIn({
    id,
    operatorName: "TimeDeltaSensor",
    options: rest,
    fields: new Fields(place, { delta }),
    poke: (_values, context) => {
      const { dataInterval, runAfter } = context.dagRun;
      const base = dataInterval.end ?? runAfter;
      context.log.info(`Checking if ${delta} have passed since ${base.toISOString()}`);
      return hasPassed(base.getTime() + deltaMs, outsideOf(context).now());
    },
  });
}
