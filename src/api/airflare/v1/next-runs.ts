/**
 * @module The next runs of a DAG's schedule, or of a schedule that somebody thinks about, with what clock changes do to them. Airflow's CLI shows the
 * first as `dags next-execution`; its API has no route for it.
 */
import * as z from "zod/mini";
import { scheduleSpec } from "../../../dag/schedule.ts";
import { previewed, previewRuns } from "../../../engine/timetable/preview.ts";
import type { PreviewedRun } from "../../../engine/timetable/preview.ts";
import { durationMs } from "../../../lib/duration.ts";
import { isTimeZone } from "../../../lib/time-zone.ts";
import type { ScheduleSpec } from "../../../model/dag-spec.ts";
import { AirflareError } from "../../../model/error.ts";
import { validationError } from "../../errors.ts";
import type { ApiApp } from "../../ports.ts";
import { requireDag, requireSpec } from "../../run-access.ts";
import type { ApiContext } from "../../run-access.ts";
import { countIn, dateIn, wireDate } from "../../schemas/wire-value.ts";
import { readQuery } from "../../validation.ts";

const RUNS_MAX = 1_000;

const limit = z._default(z.pipe(countIn, z.number().check(z.minimum(1), z.maximum(RUNS_MAX))), 10);
const dagQuery = z.object({ limit });
const scheduleQuery = z.object({
  limit,
  /** Cron or preset, or `every`. */
  schedule: z.optional(z.string()),
  every: z.optional(z.string()),
  timezone: z._default(z.string(), "UTC"),
  start_date: z.optional(dateIn),
});

export function nextRunRoutes(app: ApiApp): void {
  app.get("/api/airflare/v1/dags/:dag_id/nextRuns", async (c) => {
    const query = readQuery(c, dagQuery);
    const row = await requireDag(c);
    const { ports } = c.var;
    const [spec, state] = await Promise.all([requireSpec(c, row), ports.dag(row.dagId).readState()]);
    const { schedule, timezone } = spec;
    if (schedule.kind !== "custom") return answer(c, previewRuns(spec, state?.last ?? null, ports.now(), query.limit));
    return answer(
      c,
      (state?.ahead ?? []).slice(0, query.limit).map((run) => previewed(run, timezone, null)),
    );
  });

  app.get("/api/airflare/v1/nextRuns", (c) => {
    const query = readQuery(c, scheduleQuery);
    const now = c.var.ports.now();
    const dag = {
      schedule: readSchedule(query),
      startDate: query.start_date ?? null,
      endDate: null,
      catchup: false,
      timezone: query.timezone,
    };
    // As if a run had just been made: what lies behind is not asked for.
    return answer(c, previewRuns(dag, { start: now, end: now }, now, query.limit));
  });
}

function readSchedule({ schedule, every, timezone }: z.infer<typeof scheduleQuery>): ScheduleSpec {
  if ((schedule === undefined) === (every === undefined)) throw refused("give either schedule or every");
  if (!isTimeZone(timezone)) throw refused(`timezone ${JSON.stringify(timezone)} is no time zone`);
  const everyMs = durationMs(every);
  try {
    if (schedule !== undefined) return scheduleSpec({ dagId: "preview" }, { schedule }, timezone).spec;
    if (everyMs === undefined || everyMs < 1_000)
      throw refused(`every ${JSON.stringify(every)} is no duration of a second or more`);
    return { kind: "delta-trigger", everyMs } as const;
  } catch (error) {
    if (!(error instanceof AirflareError)) throw error;
    throw refused(error.message);
  }
}

function refused(message: string): Error {
  return validationError([{ type: "value_error", loc: ["query", "schedule"], msg: message, input: null }]);
}

function answer(c: ApiContext, runs: readonly PreviewedRun[]): Response {
  return c.json({
    next_runs: runs.map(({ runAfter, logicalDate, interval, wall, offsetMs, mark }) => ({
      run_after: wireDate(runAfter),
      logical_date: wireDate(logicalDate),
      data_interval_start: wireDate(interval.start),
      data_interval_end: wireDate(interval.end),
      /** With the zone's offset. */
      local_time: `${new Date(wall).toISOString().slice(0, 19)}${offsetText(offsetMs)}`,
      clock_change: mark,
    })),
  });
}

function offsetText(ms: number): string {
  const minutes = Math.abs(Math.round(ms / 60_000));
  const two = (value: number): string => String(value).padStart(2, "0");
  return `${ms < 0 ? "-" : "+"}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}
