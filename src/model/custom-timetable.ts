/**
 * @module A timetable that an author wrote as a class. Its code runs in a Worker's invocation, never in an object: the DAG's object asks for runs ahead by a
 * message, keeps them, and asks for more before it runs dry.
 */
import type { DagId, SpecHash } from "./ids.ts";

interface Interval {
  readonly start: number;
  readonly end: number;
}

/** A run to be made, as the timetable says. */
export interface RunAhead {
  readonly runAfter: number;
  readonly logicalDate: number;
  readonly interval: Interval;
}

/** What the DAG's object asks for. */
export interface TimetableOrder {
  readonly dagId: DagId;
  readonly specHash: SpecHash;
  /** Behind this run; null: from the first one. */
  readonly last: Interval | null;
  readonly earliest: number | null;
  readonly latest: number | null;
  readonly catchup: boolean;
  readonly count: number;
}

/** The runs behind `order.last`, or why there are none. */
export interface TimetablePage {
  readonly order: TimetableOrder;
  readonly runs: readonly RunAhead[];
  /** The timetable makes no further run. */
  readonly ended: boolean;
  /** The author's code failed: asked again later. */
  readonly failed: boolean;
}

export interface DagTimetable {
  /** Takes over runs ahead; those that were asked for by another version, or behind another run, are dropped. */
  extendTimetable(page: TimetablePage): Promise<void>;
  /** The code may have changed: what is ahead is asked for anew. */
  refreshTimetable(): Promise<void>;
}
