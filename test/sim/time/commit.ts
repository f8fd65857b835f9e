/**
 * @module What a DAG's object had stored after one turn, read from its tables, and what the turn was about: all that the judge of time sees.
 */
import type { BackfillOrder } from "../../../src/model/backfill.ts";
import type { DagSpec } from "../../../src/model/dag-spec.ts";
import type { CreateRunRequest } from "../../../src/model/protocol.ts";
import type { RunSchedule, ScheduleOrder } from "../../../src/model/run-schedule.ts";
import type { ObjectStorage } from "../adapters/object-storage.ts";

export interface RunRow {
  readonly runId: string;
  readonly incarnation: string;
  readonly runType: string;
  readonly logicalDate: number | null;
  readonly runAfter: number;
  readonly state: string;
  readonly pending: number;
  readonly backfillId: number | null;
}

export interface BackfillRow {
  readonly id: number;
  readonly isOpen: boolean;
  readonly isPaused: boolean;
  readonly cursor: number;
  readonly total: number;
}

export interface ScheduleRow {
  readonly schedule: RunSchedule;
  readonly nextAt: number | null;
  readonly isDeleted: boolean;
}

/** A call whose first turn is judged. */
export type Cause =
  | { readonly kind: "sync"; readonly spec: DagSpec; readonly specHash: string }
  | { readonly kind: "retire" | "alarm" | "push" | "sweep" | "watch" }
  | { readonly kind: "pause"; readonly paused: boolean }
  | { readonly kind: "tick"; readonly at: number }
  | { readonly kind: "create"; readonly request: CreateRunRequest }
  | { readonly kind: "backfill"; readonly order: BackfillOrder }
  | { readonly kind: "schedule"; readonly order: ScheduleOrder }
  | { readonly kind: "delete"; readonly runId: string };

export interface Commit {
  readonly causes: readonly Cause[];
  /** What the object's clock may have said. */
  readonly now: { readonly low: number; readonly high: number };
  readonly runs: ReadonlyMap<string, RunRow>;
  readonly backfills: readonly BackfillRow[];
  readonly schedules: ReadonlyMap<string, ScheduleRow>;
}

export const OPEN: ReadonlySet<string> = new Set(["queued", "running"]);

/** The cause of a call of the DAG's object; null for reads. */
export function causeOf(method: string, [first, second]: readonly unknown[]): Cause | null {
  switch (method) {
    case "syncSpec":
      return { kind: "sync", spec: first as DagSpec, specHash: String(second) };
    case "retire":
    case "alarm":
    case "sweep":
    case "watch":
      return { kind: method };
    case "pushRunState":
      return { kind: "push" };
    case "setPaused":
      return { kind: "pause", paused: first === true };
    case "tick":
      return { kind: "tick", at: Number(first) };
    case "createRun":
      return { kind: "create", request: first as CreateRunRequest };
    case "backfill":
      return { kind: "backfill", order: first as BackfillOrder };
    case "schedule":
      return { kind: "schedule", order: first as ScheduleOrder };
    case "deleteRun":
      return { kind: "delete", runId: String(first) };
    default:
      return null;
  }
}

export function readRuns(storage: ObjectStorage): ReadonlyMap<string, RunRow> {
  const columns = "run_id, incarnation, run_type, logical_date, run_after, state, pending, backfill_id";
  const rows = storage.read(`SELECT ${columns} FROM run`).map((row): RunRow => {
    return {
      runId: String(row["run_id"]),
      incarnation: String(row["incarnation"]),
      runType: String(row["run_type"]),
      logicalDate: numberOrNull(row["logical_date"]),
      runAfter: Number(row["run_after"]),
      state: String(row["state"]),
      pending: Number(row["pending"]),
      backfillId: numberOrNull(row["backfill_id"]),
    };
  });
  return new Map(rows.map((row) => [row.runId, row]));
}

export function readBackfills(storage: ObjectStorage): readonly BackfillRow[] {
  return storage.read("SELECT backfill_id, is_open, cursor, total, v FROM backfill").map((row) => ({
    id: Number(row["backfill_id"]),
    isOpen: row["is_open"] === 1,
    isPaused: JSON.parse(String(row["v"])).isPaused === true,
    cursor: Number(row["cursor"]),
    total: Number(row["total"]),
  }));
}

export function readSchedules(storage: ObjectStorage): ReadonlyMap<string, ScheduleRow> {
  const rows = storage.read("SELECT schedule_id, next_at, is_deleted, v FROM schedule");
  return new Map(
    rows.map((row) => {
      const schedule: RunSchedule = JSON.parse(String(row["v"]));
      return [
        String(row["schedule_id"]),
        { schedule, nextAt: numberOrNull(row["next_at"]), isDeleted: row["is_deleted"] === 1 },
      ];
    }),
  );
}

function numberOrNull(value: unknown): number | null {
  return typeof value === "number" ? value : null;
}
