/**
 * @module One poke of a sensor (Airflow's BaseSensorOperator): done, again later, timed out, or an error that the sensor's options turn into a skip or a false poke.
 * The time-out counts from the first poke of the first try and is tested after a false poke. No worker is held between pokes.
 */
import { AirflowSensorTimeout, AirflowSkipException } from "../dag/exceptions.ts";
import { isAgain } from "../dag/sensors/again.ts";
import { isDone } from "../dag/sensors/done.ts";
import { sha1 } from "../lib/sha1.ts";
import { isoTimestamp } from "../lib/time-zone.ts";
import type { DagId } from "../model/ids.ts";
import type { AttemptOrder } from "../model/protocol.ts";
import { signalCode } from "./signal.ts";
import { isTruthy } from "./truth.ts";

type SensorOrder = NonNullable<AttemptOrder["sensor"]>;

export type PokeResult =
  | { readonly kind: "done"; readonly value: unknown }
  | { readonly kind: "again"; readonly at: number };

/** Where and when a poke happened. */
export interface PokeScope {
  readonly dagId: DagId;
  readonly taskId: string;
  readonly sensor: SensorOrder;
  /** Epoch ms, when this poke started. */
  readonly startedAt: number;
}

/** Signals that `softFail` and `neverFail` turn into a skip, and that `silentFail` does not swallow. */
const FINAL_SIGNALS: ReadonlySet<string> = new Set([
  "AirflowSensorTimeout",
  "AirflowTaskTimeout",
  "AirflowFailException",
]);
const PASSING_SIGNALS: ReadonlySet<string> = new Set([
  "AirflowSkipException",
  "AirflowRescheduleException",
  "TaskDeferred",
]);

/** What a poke's answer means at `now`. Throws the time-out, as a skip with `softFail`. */
export function pokeAnswered(answer: unknown, scope: PokeScope, now: number): PokeResult {
  if (isDone(answer)) return { kind: "done", value: answer.value };
  if (!isAgain(answer) && isTruthy(answer)) return { kind: "done", value: undefined };
  const { sensor } = scope;
  const elapsedMs = now - firstPokedAt(scope);
  if (elapsedMs > sensor.timeoutMs) {
    const message = `Sensor has timed out; run duration of ${elapsedMs / 1000} seconds exceeds the specified timeout of ${sensor.timeoutMs / 1000}.`;
    throw sensor.softFail ? new AirflowSkipException(message) : new AirflowSensorTimeout(message);
  }
  if (isAgain(answer)) return { kind: "again", at: Math.min(Math.max(now, answer.at), timeoutAt(scope) + 1) };
  return { kind: "again", at: now + nextPokeMs(scope, elapsedMs) };
}

/** Epoch ms: a false poke after this is the time-out. */
export function timeoutAt(scope: PokeScope): number {
  return firstPokedAt(scope) + scope.sensor.timeoutMs;
}

/** What a poke that threw means: answers "again" for a `silentFail` error, else throws the skip or the error itself. `logError` gets what is swallowed. */
export function pokeThrew(
  thrown: unknown,
  scope: PokeScope,
  now: number,
  logError: (thrown: unknown) => void,
): PokeResult {
  const { sensor } = scope;
  const code = signalCode(thrown);
  if (PASSING_SIGNALS.has(code)) throw thrown;
  if (FINAL_SIGNALS.has(code)) {
    if (sensor.softFail) throw skip("softFail", thrown);
    if (sensor.neverFail) throw skip("neverFail", thrown);
    throw thrown;
  }
  if (sensor.silentFail) {
    logError(thrown);
    return pokeAnswered(false, scope, now);
  }
  if (sensor.neverFail) throw skip("neverFail", thrown);
  throw thrown;
}

/** Milliseconds to the next poke; with backoff Airflow's numbers, whole seconds that grow with each poke. */
function nextPokeMs(scope: PokeScope, elapsedMs: number): number {
  const { sensor } = scope;
  if (!sensor.exponentialBackoff) return sensor.pokeIntervalMs;
  const poke = sensor.mode === "reschedule" ? pokeByElapsed(scope, elapsedMs / 1000) : sensor.pokes + 1;
  const untilTimeout = sensor.timeoutMs / 1000 - Math.trunc(elapsedMs / 1000);
  const seconds = Math.min(backoffSeconds(scope, poke), untilTimeout);
  return Math.min(seconds * 1000, sensor.maxWaitMs ?? Number.POSITIVE_INFINITY);
}

/** In mode "reschedule" Airflow does not count pokes: it asks which one would have come by now. */
function pokeByElapsed(scope: PokeScope, elapsed: number): number {
  let poke = 0;
  for (let sum = 0; sum <= elapsed; sum += backoffSeconds(scope, poke)) poke += 1;
  return poke;
}

/** Above any time-out, and small enough for exact arithmetic. */
const BACKOFF_SECONDS_MAX = 2 ** 40;

/** Between `b` and `2b`, where `b` is the interval times 2^(poke - 2): the same for the same poke, and spread over sensors. */
function backoffSeconds(scope: PokeScope, poke: number): number {
  const { sensor, dagId, taskId } = scope;
  const grown = Math.min(BACKOFF_SECONDS_MAX, (sensor.pokeIntervalMs / 1000) * 2 ** (poke - 2));
  const base = Math.max(1, Math.trunc(grown));
  // As Python prints a datetime.
  const started = isoTimestamp(firstPokedAt(scope)).replace("T", " ");
  let jitter = 0;
  for (const byte of sha1(`${dagId}#${taskId}#${started}#${poke}`)) jitter = (jitter * 256 + byte) % base;
  return base + jitter;
}

/** Epoch ms, from which the time-out counts. */
export function firstPokedAt(scope: PokeScope): number {
  return scope.sensor.firstPokedAt === 0 ? scope.startedAt : scope.sensor.firstPokedAt;
}

function skip(option: string, cause: unknown): AirflowSkipException {
  const skipped = new AirflowSkipException(`Skipping due to ${option} is set to True.`);
  skipped.cause = cause;
  return skipped;
}
