/**
 * @module What an author writes as `schedule` (Airflow 3) or `scheduleInterval` (Airflow 2), read into a `ScheduleSpec`.
 *
 * The word decides the timetable: a cron as `schedule` fires at its times (CronTriggerTimetable), as `scheduleInterval` it covers the interval before
 * (CronDataIntervalTimetable). The project switch `createCronDataIntervals` gives `schedule` the second meaning, as in Airflow.
 */
import { type AssetExpression, assetCondition, isAssetSchedule } from "./asset.ts";
import { assetsOf } from "../engine/asset-condition.ts";
import type { AssetCondition } from "../model/asset.ts";
import type { DeltaSpec, ScheduleSpec } from "../model/dag-spec.ts";
import { durationMs, type Duration } from "../lib/duration.ts";
import { invalidDag, type Place } from "./invalid-dag.ts";
import { isTimetable, type Timetable } from "./custom-timetable.ts";
import { instantOf } from "./days-ago.ts";
import { isTimeZone } from "../lib/time-zone.ts";
import { parseCron } from "../engine/timetable/cron-expression.ts";
import { projectConfig } from "./config.ts";
import { deltaMsMin, deltaSpec, deltaText, type RelativeDelta } from "./relative-delta.ts";

/** A cron with its own zone or timetable; several crons fire at each one's times. */
export interface CronSchedule {
  readonly cron: string | readonly string[];
  readonly timezone?: string;
  readonly timetable?: "CronTriggerTimetable" | "CronDataIntervalTimetable";
  /** CronTriggerTimetable: how far before the fire the data interval begins; default: of no length. */
  readonly interval?: Duration | RelativeDelta;
  /** CronTriggerTimetable, DAG without `startDate`: run the last fire at once (`true`), or if it is at most so long ago. Default: a tenth of the gap. */
  readonly runImmediately?: boolean | Duration;
}

/** A run every so often. */
export interface DeltaSchedule {
  readonly every: Duration | RelativeDelta;
  readonly timetable?: "DeltaTriggerTimetable" | "DeltaDataIntervalTimetable";
  /** DeltaTriggerTimetable: how far before the run the data interval begins; default: of no length. */
  readonly interval?: Duration | RelativeDelta;
}

/** A run at each of these dates. */
export interface EventsSchedule {
  readonly at: readonly (Date | string)[];
  /** A run by hand belongs to the newest of the dates, not to now. */
  readonly restrictToEvents?: boolean;
}

/** Runs at its times, and whenever the assets are updated: Airflow's `AssetOrTimeSchedule`. */
export interface AssetOrTimeSchedule {
  readonly timetable: TimeSchedule;
  readonly assets: AssetExpression | readonly AssetExpression[];
}

type TimeSchedule = string | DeltaSchedule | CronSchedule | EventsSchedule | Timetable;

/**
 * Cron text or preset (`@daily`), `{ every: "6h" }`, `{ cron, timezone }`, `{ at: [dates] }`, a `Timetable` of your own, assets, both (`{ timetable, assets }`), or null.
 */
export type Schedule = TimeSchedule | AssetExpression | readonly AssetExpression[] | AssetOrTimeSchedule | null;

export interface ScheduleOptions {
  readonly schedule?: Schedule;
  readonly scheduleInterval?: Schedule;
}

interface ReadSchedule {
  readonly spec: ScheduleSpec;
  readonly text: string | null;
  readonly assets?: AssetCondition;
}

/** Reads both spellings. `timezone` is the DAG's. Throws `invalid_dag` naming what is wrong. */
export function scheduleSpec(place: Place, options: ScheduleOptions, timezone: string): ReadSchedule {
  const read = readSchedule(place, options, timezone);
  const { spec } = read;
  if (spec.kind === "cron-trigger") for (const cron of spec.crons) assertCron(place, cron);
  if (spec.kind === "cron-data-interval") assertCron(place, spec.cron);
  return read;
}

/** Which timetable a schedule is, before its crons are checked. */
export function readSchedule(place: Place, options: ScheduleOptions, timezone: string): ReadSchedule {
  if (options.schedule !== undefined && options.scheduleInterval !== undefined) {
    throw invalidDag(
      place,
      "both schedule and scheduleInterval are given; keep one (scheduleInterval: runs cover the interval before them)",
    );
  }
  const given = options.schedule ?? options.scheduleInterval ?? null;
  if (given === null) return { spec: { kind: "none" }, text: null };
  const asInterval = options.scheduleInterval !== undefined || projectConfig().createCronDataIntervals === true;
  if (typeof given === "string") return { spec: textSchedule(given, asInterval, timezone), text: given };
  if (isTimetable(given)) return { spec: { kind: "custom" }, text: given.summary };
  if (isAssetSchedule(given)) return assetSchedule(place, given);
  if (typeof given === "object") {
    if ("assets" in given) return assetOrTime(place, given, timezone);
    if ("every" in given) return everySchedule(place, given, asInterval);
    if ("at" in given) return eventsSchedule(place, given, timezone);
    if ("cron" in given) return cronSchedule(place, given, asInterval, timezone);
  }
  throw invalidDag(
    place,
    `schedule ${JSON.stringify(given)} is not understood; give a cron text, a preset, { every }, { cron, timezone }, { at }, assets or null`,
  );
}

function textSchedule(text: string, asInterval: boolean, timezone: string): ScheduleSpec {
  const preset = text.trim().toLowerCase();
  if (preset === "@once") return { kind: "once" };
  if (preset === "@continuous") return { kind: "continuous" };
  const cron = text.trim();
  return asInterval
    ? { kind: "cron-data-interval", cron, timezone }
    : { kind: "cron-trigger", crons: [cron], timezone };
}

function cronSchedule(place: Place, given: CronSchedule, asInterval: boolean, dagZone: string): ReadSchedule {
  assertFields(place, given, ["cron", "timezone", "timetable", "interval", "runImmediately"]);
  assertTimetable(place, given.timetable, ["CronTriggerTimetable", "CronDataIntervalTimetable"]);
  const timezone = given.timezone ?? dagZone;
  assertTimeZone(place, "schedule.timezone", timezone);
  const crons = (typeof given.cron === "string" ? [given.cron] : given.cron).map((cron) => cron.trim());
  const [first, ...more] = crons;
  if (first === undefined) throw invalidDag(place, "schedule.cron is an empty list; give at least one cron");
  const triggers = more.length > 0 || given.interval !== undefined || given.runImmediately !== undefined;
  const covers =
    given.timetable === undefined ? asInterval && !triggers : given.timetable === "CronDataIntervalTimetable";
  const text = crons.join(", ");
  if (!covers) return { spec: { kind: "cron-trigger", crons, timezone, ...triggerArguments(place, given) }, text };
  if (more.length > 0)
    throw invalidDag(place, "CronDataIntervalTimetable takes one cron; use CronTriggerTimetable for several");
  if (triggers) throw invalidDag(place, `${TRIGGER_ONLY}; drop them, or name CronTriggerTimetable`);
  return { spec: { kind: "cron-data-interval", cron: first, timezone }, text };
}

const TRIGGER_ONLY = "schedule.interval and schedule.runImmediately are for timetables that trigger";

function triggerArguments(
  place: Place,
  { interval, runImmediately }: CronSchedule,
): Pick<Extract<ScheduleSpec, { kind: "cron-trigger" }>, "interval" | "runImmediately"> {
  const immediately = typeof runImmediately === "string" ? durationMs(runImmediately) : runImmediately;
  if (runImmediately !== undefined && !["boolean", "number"].includes(typeof immediately)) {
    throw invalidDag(
      place,
      `schedule.runImmediately ${JSON.stringify(runImmediately)} is neither true, false nor a duration like "10m"`,
    );
  }
  return {
    ...intervalArgument(place, interval),
    ...(immediately === undefined ? {} : { runImmediately: immediately }),
  };
}

function intervalArgument(place: Place, given: CronSchedule["interval"]): { readonly interval?: DeltaSpec } {
  if (given === undefined) return {};
  const interval = deltaSpec(place, "schedule.interval", given);
  if (deltaMsMin(interval) < 0) {
    throw invalidDag(
      place,
      `schedule.interval ${JSON.stringify(given)} is negative; an interval begins before its run`,
    );
  }
  return { interval };
}

function everySchedule(place: Place, given: DeltaSchedule, asInterval: boolean): ReadSchedule {
  assertFields(place, given, ["every", "timetable", "interval"]);
  assertTimetable(place, given.timetable, ["DeltaTriggerTimetable", "DeltaDataIntervalTimetable"]);
  const every = deltaSpec(place, "schedule.every", given.every);
  if (deltaMsMin(every) < 1_000) {
    throw invalidDag(
      place,
      `schedule.every ${JSON.stringify(given.every)} is no duration of at least one second; write something like "6h"`,
    );
  }
  const everyMonths = every.months === 0 ? {} : { everyMonths: every.months };
  const covers =
    given.timetable === undefined
      ? asInterval && given.interval === undefined
      : given.timetable === "DeltaDataIntervalTimetable";
  const text = `every ${deltaText(given.every)}`;
  if (!covers) {
    const interval = intervalArgument(place, given.interval);
    return { spec: { kind: "delta-trigger", everyMs: every.ms, ...everyMonths, ...interval }, text };
  }
  if (given.interval !== undefined) throw invalidDag(place, `${TRIGGER_ONLY}; drop it, or name DeltaTriggerTimetable`);
  return { spec: { kind: "delta-data-interval", everyMs: every.ms, ...everyMonths }, text };
}

function eventsSchedule(place: Place, given: EventsSchedule, timezone: string): ReadSchedule {
  assertFields(place, given, ["at", "restrictToEvents"]);
  const at = given.at.map((date) => instantOf(place, "schedule.at", date, timezone)).toSorted((a, b) => a - b);
  if (at.length === 0) throw invalidDag(place, "schedule.at lists no date; give at least one, or schedule: null");
  const restrict = given.restrictToEvents === true ? { restrictToEvents: true } : {};
  return { spec: { kind: "events", at: [...new Set(at)], ...restrict }, text: `${at.length} events` };
}

function assetSchedule(place: Place, given: AssetExpression | readonly AssetExpression[]): ReadSchedule {
  const assets = assetCondition(place, given);
  return { spec: { kind: "assets", uris: assetsOf(assets) }, text: "Asset", assets };
}

function assetOrTime(place: Place, given: AssetOrTimeSchedule, timezone: string): ReadSchedule {
  assertFields(place, given, ["assets", "timetable"]);
  const { spec, text, assets: nested } = readSchedule(place, { schedule: given.timetable }, timezone);
  if (spec.kind === "none" || spec.kind === "custom" || nested !== undefined)
    throw invalidDag(
      place,
      "schedule.timetable beside schedule.assets is a cron, a preset, { every }, { cron } or { at }",
    );
  return { spec, text: `Asset or ${text}`, assets: assetCondition(place, given.assets) };
}

function assertCron(place: Place, cron: string): void {
  try {
    parseCron(cron);
  } catch (thrown) {
    throw invalidDag(
      place,
      `schedule ${JSON.stringify(cron)} is refused: ${thrown instanceof Error ? thrown.message : String(thrown)}; write five fields like "0 2 * * *", or a preset like "@daily"`,
    );
  }
}

function assertFields(place: Place, given: object, known: readonly string[]): void {
  const unknown = Object.keys(given).find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw invalidDag(
      place,
      `schedule has no field "${unknown}"; beside ${known[0]} there are ${known.slice(1).join(", ")}`,
    );
}

function assertTimetable(place: Place, given: string | undefined, known: readonly string[]): void {
  if (given === undefined || known.includes(given)) return;
  throw invalidDag(place, `schedule.timetable ${JSON.stringify(given)} does not fit here; use ${known.join(" or ")}`);
}

export function assertTimeZone(place: Place, option: string, timezone: string): void {
  if (isTimeZone(timezone)) return;
  throw invalidDag(
    place,
    `${option} ${JSON.stringify(timezone)} is no time zone; use an IANA name like "Europe/Berlin"`,
  );
}
