/**
 * @module D1's part in backfills and schedules, in memory: ids and their DAGs, and rows as a test says that the mirror has them.
 */
import type { BackfillDirectory, ScheduleDirectory } from "../../src/api/ports.ts";
import type { Backfill } from "../../src/model/backfill.ts";
import type { RunSchedule } from "../../src/model/run-schedule.ts";

export function fakeBackfills(): BackfillDirectory & {
  readonly owners: Map<number, string>;
  rows: readonly Backfill[];
} {
  const owners = new Map<number, string>();
  let ids = 0;
  return {
    owners,
    rows: [],
    async reserve(dagId) {
      owners.set(++ids, dagId);
      return ids;
    },
    release: async (id) => void owners.delete(id),
    dagOf: async (id) => owners.get(id) ?? null,
    async list(dagId, { offset, limit }) {
      const rows = this.rows.filter((row) => row.dagId === dagId);
      return { rows: rows.slice(offset, offset + limit), total: rows.length };
    },
  };
}

export function fakeSchedules(): ScheduleDirectory & {
  readonly owners: Map<string, string>;
  rows: readonly RunSchedule[];
} {
  const owners = new Map<string, string>();
  return {
    owners,
    rows: [],
    async reserve(id, dagId) {
      owners.set(id, owners.get(id) ?? dagId);
      return owners.get(id) === dagId;
    },
    release: async (id) => void owners.delete(id),
    dagOf: async (id) => owners.get(id) ?? null,
    async list({ key, dagId }, { offset, limit }) {
      const fits = (row: RunSchedule): boolean => (key ?? row.key) === row.key && (dagId ?? row.dagId) === row.dagId;
      const rows = this.rows.filter(fits);
      return { rows: rows.slice(offset, offset + limit), total: rows.length };
    },
  };
}
