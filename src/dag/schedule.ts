/**
 * @module What an author writes as `schedule` (Airflow 3) or `scheduleInterval` (Airflow 2), read into a `ScheduleSpec`.
 *
 * The word decides the timetable: a cron as `schedule` fires at its times (CronTriggerTimetable), as `scheduleInterval` it covers the interval before
 * (CronDataIntervalTimetable). The project switch `createCronDataIntervals` gives `schedule` the second meaning, as in Airflow.
 */
import type { Asset } from "./asset.ts";
import type { ScheduleSpec } from "../model/dag-spec.ts";
import { durationMs, type Duration } from "../lib/duration.ts";
import { invalidDag, type Place } from "./invalid-dag.ts";
import { instantOf } from "./days-ago.ts";
import { isTimeZone } from "../lib/time-zone.ts";
import { parseCron } from "../engine/timetable/cron-expression.ts";
import { projectConfig } from "./config.ts";

/** A cron with its own zone or timetable; several crons fire at each one's times. */
export interface CronSchedule {
  readonly cron: string | readonly string[];
  readonly timezone?: string;
  readonly timetable?: "CronTriggerTimetable" | "CronDataIntervalTimetable";
}

/**
 * Cron text or preset (`@daily`), `{ every: "6h" }`, `{ cron, timezone }`, `{ at: [dates] }`, assets, or null.
 */
export type Schedule =
  | string
  | { readonly every: Duration }
  | CronSchedule
  | { readonly at: readonly (Date | string)[] }
  | readonly Asset[]
  | null;

export interface ScheduleOptions {
  readonly schedule?: Schedule;
  readonly scheduleInterval?: Schedule;
}

/** Reads both spellings. `timezone` is the DAG's. Throws `invalid_dag` naming what is wrong. */
export function scheduleSpec(
  place: Place,
  options: ScheduleOptions,
  timezone: string,
): { spec: ScheduleSpec; text: string | null } {
  if (options.schedule !== undefined && options.scheduleInterval !== undefined) {
    throw invalidDag(
      place,
      "both schedule and scheduleInterval are given; keep one (scheduleInterval: runs cover the interval before them)",
    );
  }
  const given = options.schedule ?? options.scheduleInterval ?? null;
  if (given === null) return { spec: { kind: "none" }, text: null };
  const asInterval = options.scheduleInterval !== undefined || projectConfig().createCronDataIntervals === true;
  if (typeof given === "string") return { spec: textSchedule(place, given, asInterval, timezone), text: given };
  if (isAssetList(given)) return { spec: assetSchedule(place, given), text: "Asset" };
  if ("every" in given) return { spec: everySchedule(place, given.every, asInterval), text: `every ${given.every}` };
  if ("at" in given) {
    const at = given.at.map((date) => instantOf(place, "schedule.at", date, timezone)).toSorted((a, b) => a - b);
    if (at.length === 0) throw invalidDag(place, "schedule.at lists no date; give at least one, or schedule: null");
    return { spec: { kind: "events", at: [...new Set(at)] }, text: `${at.length} events` };
  }
  if ("cron" in given) return cronSchedule(place, given, asInterval, timezone);
  throw invalidDag(
    place,
    `schedule ${JSON.stringify(given)} is not understood; give a cron text, a preset, { every }, { cron, timezone }, { at }, assets or null`,
  );
}

function isAssetList(given: object): given is readonly Asset[] {
  return Array.isArray(given);
}

function textSchedule(place: Place, text: string, asInterval: boolean, timezone: string): ScheduleSpec {
  const preset = text.trim().toLowerCase();
  if (preset === "@once") return { kind: "once" };
  if (preset === "@continuous") return { kind: "continuous" };
  const cron = text.trim();
  assertCron(place, cron);
  return asInterval
    ? { kind: "cron-data-interval", cron, timezone }
    : { kind: "cron-trigger", crons: [cron], timezone };
}

function cronSchedule(
  place: Place,
  given: CronSchedule,
  asInterval: boolean,
  dagZone: string,
): { spec: ScheduleSpec; text: string } {
  const timezone = given.timezone ?? dagZone;
  assertTimeZone(place, "schedule.timezone", timezone);
  const crons = (typeof given.cron === "string" ? [given.cron] : given.cron).map((cron) => cron.trim());
  for (const cron of crons) assertCron(place, cron);
  const [first, ...more] = crons;
  if (first === undefined) throw invalidDag(place, "schedule.cron is an empty list; give at least one cron");
  const covers =
    given.timetable === undefined ? asInterval && more.length === 0 : given.timetable === "CronDataIntervalTimetable";
  if (covers && more.length > 0)
    throw invalidDag(place, "CronDataIntervalTimetable takes one cron; use CronTriggerTimetable for several");
  return {
    spec: covers ? { kind: "cron-data-interval", cron: first, timezone } : { kind: "cron-trigger", crons, timezone },
    text: crons.join(", "),
  };
}

function everySchedule(place: Place, every: Duration, asInterval: boolean): ScheduleSpec {
  const everyMs = durationMs(every);
  if (everyMs === undefined || everyMs < 1_000) {
    throw invalidDag(
      place,
      `schedule.every ${JSON.stringify(every)} is no duration of at least one second; write something like "6h"`,
    );
  }
  return { kind: asInterval ? "delta-data-interval" : "delta-trigger", everyMs };
}

function assetSchedule(place: Place, assets: readonly Asset[]): ScheduleSpec {
  const uris = assets.map(({ uri }) => uri);
  if (uris.length === 0 || uris.some((uri) => typeof uri !== "string")) {
    throw invalidDag(place, 'a schedule list holds assets only; make them with asset("r2://...")');
  }
  return { kind: "assets", uris: [...new Set(uris)] };
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

export function assertTimeZone(place: Place, option: string, timezone: string): void {
  if (isTimeZone(timezone)) return;
  throw invalidDag(
    place,
    `${option} ${JSON.stringify(timezone)} is no time zone; use an IANA name like "Europe/Berlin"`,
  );
}
