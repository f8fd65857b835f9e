/**
 * @module The small changing part of a DAG's object: switches, the schedule cursor, the clock. One row.
 */
import type { DagRunInfo, DataInterval } from "../../engine/timetable/base.ts";
import type { DagId, SpecHash } from "../../model/ids.ts";

export interface DagState {
  dagId: DagId;
  specHash: SpecHash;
  versionNumber: number;
  paused: boolean;
  /** No longer deployed, or its file does not load: nothing is scheduled until it is synced again. */
  retired: boolean;
  /** Interval of the last run that the schedule made. */
  last: DataInterval | null;
  /** The next run as computed after the last change; null = none, or not computed yet (`AIRFLARE_TICK=0` before the first tick). */
  next: DagRunInfo | null;
  /** The next run is due and waits for the end of another one: no tick is needed before. */
  blocked?: boolean;
  /** A timetable of the author's own: its next runs, by the version that said so. */
  ahead?: {
    readonly specHash: SpecHash;
    readonly runs: readonly DagRunInfo[];
    /** There is no run behind these. */
    readonly ended: boolean;
    /** When the author's code failed last. */
    readonly failedAt: number | null;
  };
  /** Time of the newest tick; an older one does nothing. */
  tickedAt: number;
  /** The object's clock never goes below this. */
  clock: number;
  /** When the cron wakes this object to look after its runs, should its own alarm be lost; null = no run has lasted long enough. */
  watchdogAt: number | null;
  /** Raised by each change of the columns that the history mirrors. */
  seq: number;
  /** The history lacks the latest of these columns: D1 did not answer. */
  mirrorOwed: boolean;
  /** Somebody has set the slots of `default_pool`, as far as the last write to the history has shown. */
  limitsDefaultPool?: boolean;
}

export function newDagState(dagId: DagId, paused: boolean, now: number): DagState {
  return {
    dagId,
    specHash: "",
    versionNumber: 0,
    paused,
    retired: false,
    last: null,
    next: null,
    tickedAt: 0,
    clock: now,
    watchdogAt: null,
    seq: 0,
    mirrorOwed: false,
  };
}

export function parseDagState(text: string): DagState {
  const state: DagState = JSON.parse(text);
  return state;
}
