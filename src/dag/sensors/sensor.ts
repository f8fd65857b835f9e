/**
 * @module Sensors: tasks that ask again and again until something is there (Airflow's `BaseSensorOperator`). Between pokes no worker is held.
 *
 * `mode` only says whether the pool slot is kept meanwhile, as in Airflow.
 */
import type { Context, TaskLog } from "../context.ts";
import type { Again } from "./again.ts";
import type { Done } from "./done.ts";
import type { Duration } from "../../lib/duration.ts";
import type { GivenOptions, TaskOptions } from "../task-options.ts";
import type { NoInput } from "../args-of.ts";
import type { SensorSpec } from "../../model/task-spec.ts";
import type { TaskArg } from "../xcom-arg.ts";
import type { FinishedDag } from "../placed.ts";
import type { Fields } from "./fields.ts";
import type { TaskDef } from "../task.ts";
import { assertKey, invalidDag, type Place } from "../invalid-dag.ts";
import { OptionReader } from "../task-spec-of.ts";
import { placeTask } from "../place-task.ts";
import { taskOptionsAmong } from "../option-names.ts";
import { taskDef } from "../task.ts";
import { taskRef } from "../task-ref.ts";

const POKE_INTERVAL_MS = 60_000;
/** Seven days, as in Airflow. */
const TIMEOUT_MS = 604_800_000;

export interface PokeOptions {
  /** Default `60s`. The first poke is at once. */
  readonly pokeInterval?: Duration;
  /** Counted from the first poke of the first try; default `7d`. Its end fails without a retry. */
  readonly timeout?: Duration;
  readonly mode?: "poke" | "reschedule";
  /** The time-out skips instead of failing. */
  readonly softFail?: boolean;
  /** An error of a poke is logged, and counts as false. */
  readonly silentFail?: boolean;
  /** Any error skips. Not with `softFail`. */
  readonly neverFail?: boolean;
  /** Doubles the interval with each poke, up to `maxWait`. */
  readonly exponentialBackoff?: boolean;
  readonly maxWait?: Duration;
}

/** Options of a sensor: those of any task, and when to poke. */
export interface SensorOptions extends Omit<TaskOptions<"all_success">, "triggerRule" | "xcom">, PokeOptions {}

/** What a poke may answer: false = again, true or `done(value)` = ready. */
export type PokeAnswer = boolean | Done<unknown>;

/** A sensor's result: the value of its `done`, else nothing. */
type ResultOf<V> = [Extract<V, Done<unknown>>] extends [never]
  ? void
  : Extract<V, Done<unknown>> extends Done<infer O>
    ? O
    : void;

/**
 * Defines a sensor by its poke.
 * @example
 * const waitForFile = sensor("wait_for_file", { pokeInterval: "60s", timeout: "1h" }, async ({ key }: { key: string }, ctx) => {
 *   ctx.log.info(`looking for ${key}`);
 *   return key.length > 0 ? done({ key }) : false;
 * });
 */
export function sensor<I = NoInput, V extends PokeAnswer = boolean>(
  id: string,
  options: SensorOptions,
  poke: (input: I, ctx: Context) => V | Promise<V>,
): TaskDef<I, ResultOf<V>> {
  assertKey({}, "task id", id);
  if (typeof poke !== "function")
    throw invalidDag({ taskId: id }, `it has no poke; write sensor("${id}", options, async (input, ctx) => false)`);
  const definition = {
    id,
    options: taskPart(options),
    fn: poke,
    what: "sensor",
    operatorName: "PythonSensor",
    sensor: sensorSpec({ taskId: id }, options),
  } as const;
  // The type of the result exists only in the compiler.
  return taskDef(definition) as unknown as TaskDef<I, ResultOf<V>>;
}

/**
 * Base class of sensors with constructor arguments: subclass it, write `poke`, place it under an id.
 * @example
 * class DataQualityCheckSensor extends Sensor<{ table: string; threshold?: number }, number> {
 *   async poke() {
 *     const score = 0.97;
 *     this.log.info(`score of ${this.p.table}: ${score}`);
 *     return score >= (this.p.threshold ?? 0.95) ? done(score) : false;
 *   }
 * }
 * const score = new DataQualityCheckSensor({ table: "customers", pokeInterval: "5m" }).place("quality_check");
 */
export abstract class Sensor<P extends object = object, O = void> {
  /** Constructor arguments and options. */
  protected readonly p: P & SensorOptions;

  constructor(p: P & SensorOptions) {
    this.p = p;
  }

  /**
   * Writes to the log of the poke that is running. By way of `console`, which the runtime captures per attempt: one sensor object may poke for several runs
   * at the same time.
   */
  protected readonly log: TaskLog = {
    debug: (...line) => console.debug(...line),
    info: (...line) => console.info(...line),
    warn: (...line) => console.warn(...line),
    error: (...line) => console.error(...line),
  };

  abstract poke(context: Context): boolean | Done<O> | Promise<boolean | Done<O>>;

  /** Places the sensor in the DAG whose body runs. */
  place(id: string): TaskArg<O> {
    const placement = {
      id,
      what: "sensor",
      operatorName: this.constructor.name,
      options: taskOptionsAmong(this.p),
      sensor: sensorSpec({ taskId: id }, this.p),
    } as const;
    return taskRef(placeTask({ ...placement, execute: () => (_input, context) => this.poke(context) }));
  }
}

/** A built-in sensor as its file describes it. */
export interface BuiltInSensor {
  readonly id: string;
  /** Airflow's class. */
  readonly operatorName: string;
  /** What of its options is not its own: those of any sensor. */
  readonly options: SensorOptions;
  readonly fields: Fields;
  /** Used instead of Airflow's 60 s when the author gives none. */
  readonly pokeInterval?: Duration;
  readonly poke: (
    values: Readonly<Record<string, unknown>>,
    context: Context,
    dag: FinishedDag,
  ) => boolean | Done<unknown> | Again | Promise<boolean | Done<unknown> | Again>;
}

/** Places a built-in sensor in the DAG whose body runs. */
export function placeBuiltIn<O = void>(builtIn: BuiltInSensor): TaskArg<O> {
  const { id, operatorName, options, fields, pokeInterval, poke } = builtIn;
  const given = pokeInterval === undefined ? options : { pokeInterval, ...options };
  return taskRef(
    placeTask({
      id,
      what: "sensor",
      operatorName,
      options: taskPart(options),
      sensor: sensorSpec({ taskId: id }, given),
      input: fields.input,
      execute: (dag) => async (input, context) => poke(await fields.read(input, context), context, dag),
    }),
  );
}

const POKE_KEYS = new Set<string>([
  "pokeInterval",
  "timeout",
  "mode",
  "softFail",
  "silentFail",
  "neverFail",
  "exponentialBackoff",
  "maxWait",
]);

/** What is left are options of any task, or misspelt. */
function taskPart(options: SensorOptions): GivenOptions {
  return Object.fromEntries(Object.entries(options).filter(([name]) => !POKE_KEYS.has(name)));
}

function sensorSpec(place: Place, options: PokeOptions): SensorSpec {
  const read = new OptionReader(place);
  const softFail = options.softFail ?? false;
  const neverFail = options.neverFail ?? false;
  if (softFail && neverFail)
    throw invalidDag(place, "softFail and neverFail exclude each other; keep softFail to skip on the time-out only");
  const pokeIntervalMs = read.duration("pokeInterval", options.pokeInterval) ?? POKE_INTERVAL_MS;
  if (pokeIntervalMs <= 0) throw invalidDag(place, 'pokeInterval is 0; give at least "1s"');
  return {
    pokeIntervalMs,
    timeoutMs: read.duration("timeout", options.timeout) ?? TIMEOUT_MS,
    mode: read.oneOf("mode", options.mode, ["poke", "reschedule"]),
    softFail,
    silentFail: options.silentFail ?? false,
    neverFail,
    exponentialBackoff: options.exponentialBackoff ?? false,
    maxWaitMs: read.duration("maxWait", options.maxWait) ?? null,
  };
}
