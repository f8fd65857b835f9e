/**
 * @module Run ids as Airflow writes them, and the incarnation of a run.
 */
import { isoTimestamp } from "../../lib/time-zone.ts";
import type { DagRunType } from "../../model/dag-run.ts";
import type { Incarnation, RunId } from "../../model/ids.ts";

/** Characters behind the time of a run without a logical date; Airflow uses as many. */
const SUFFIX_CHARACTERS = 8;
/** An incarnation begins with the time, in base 36. */
const TIME_CHARACTERS = 9;

/**
 * `scheduled__2026-01-02T02:00:00+00:00`: named after `run_after`. Without a logical date two runs may share it, so those get a random suffix.
 */
export function runIdOf(
  runType: DagRunType,
  logicalDate: number | null,
  runAfter: number,
  randomId: () => string,
): RunId {
  const id = `${runType}__${isoTimestamp(runAfter)}`;
  return logicalDate === null ? `${id}_${randomId().replaceAll("-", "").slice(0, SUFFIX_CHARACTERS)}` : id;
}

/**
 * Random, and later ones sort behind earlier ones: the history's guard tells a re-created run from the life before by it.
 * No `:` inside, which separates the parts of a token.
 */
export function newIncarnation(now: number, randomId: () => string): Incarnation {
  return `${now.toString(36).padStart(TIME_CHARACTERS, "0")}${randomId().replaceAll("-", "").slice(0, 12)}`;
}

/** When this life of a run began, epoch ms. */
export function createdAt(incarnation: Incarnation): number {
  return Number.parseInt(incarnation.slice(0, TIME_CHARACTERS), 36);
}
