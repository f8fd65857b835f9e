/**
 * @module Distances in time as authors write them: a duration (`"6h"`), or calendar fields (`{ months: 1 }`, Airflow's `relativedelta`).
 */
import type { DeltaSpec } from "../model/dag-spec.ts";
import { durationMs, type Duration } from "../lib/duration.ts";
import { invalidDag, type Place } from "./invalid-dag.ts";

/** Whole numbers. Months and years are added first: 31 January and one month is the last of February. All in UTC. */
export interface RelativeDelta {
  readonly years?: number;
  readonly months?: number;
  readonly weeks?: number;
  readonly days?: number;
  readonly hours?: number;
  readonly minutes?: number;
  readonly seconds?: number;
}

const MONTHS: Readonly<Record<string, number>> = { years: 12, months: 1 };
const MS: Readonly<Record<string, number>> = {
  weeks: 604_800_000,
  days: 86_400_000,
  hours: 3_600_000,
  minutes: 60_000,
  seconds: 1_000,
};
/** The shortest month: what a distance is at least. */
const MONTH_MS_MIN = 28 * 86_400_000;

/** Throws `invalid_dag` for anything that is no distance; it may be of no length. */
export function deltaSpec(place: Place, option: string, given: Duration | RelativeDelta): DeltaSpec {
  const ms = durationMs(given);
  if (ms !== undefined) return { months: 0, ms };
  const fields = typeof given === "object" && given !== null ? Object.entries(given) : [];
  const unknown = fields.find(([name, count]) => !(name in MONTHS || name in MS) || !Number.isSafeInteger(count));
  if (fields.length === 0 || unknown !== undefined) {
    throw invalidDag(
      place,
      `${option} ${JSON.stringify(given)} is no distance; write a duration like "6h", or whole numbers of ${[...Object.keys(MONTHS), ...Object.keys(MS)].join(", ")}`,
    );
  }
  const sum = (units: Readonly<Record<string, number>>): number =>
    fields.reduce((total, [name, count]) => total + (units[name] ?? 0) * Number(count), 0);
  return { months: sum(MONTHS), ms: sum(MS) };
}

/** The least that a distance can come to, ms. */
export function deltaMsMin({ months, ms }: DeltaSpec): number {
  return months * MONTH_MS_MIN + ms;
}

/** `6h`, or `1 months 2 days`. */
export function deltaText(given: Duration | RelativeDelta): string {
  if (typeof given === "string") return given;
  return Object.entries(given)
    .map(([name, count]) => `${count} ${name}`)
    .join(" ");
}
