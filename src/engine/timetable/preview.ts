/**
 * @module The next runs of a schedule as people read them: local time, offset, and what a clock change does to them.
 */
import { instantOfWall, SECOND_MS, wallTime, zoneOffsetMs } from "../../lib/time-zone.ts";
import type { ScheduleSpec } from "../../model/dag-spec.ts";
import type { DagRunInfo, DataInterval } from "./base.ts";
import { parseCron } from "./cron-expression.ts";
import type { CronExpression } from "./cron-expression.ts";
import { nextWall } from "./cron-search.ts";
import { nextDagRun } from "./next-dag-run.ts";
import type { Scheduled } from "./next-dag-run.ts";

/**
 * `moved`: the clocks skip its time that day, so it runs later by what they skip. `skipped`: before it lie times of the schedule that the clocks skip,
 * and that get no run of their own. `repeated`: its time comes twice that day.
 */
export type ClockMark = "moved" | "skipped" | "repeated";

export interface PreviewedRun extends DagRunInfo {
  /** Wall time of `runAfter` in the schedule's zone, as epoch ms of the same time in UTC. */
  readonly wall: number;
  readonly offsetMs: number;
  readonly mark: ClockMark | null;
}

/** Runs of this kind depend on when the one before ends. */
const ONE_BY_ONE: ReadonlySet<string> = new Set(["once", "continuous"]);

/** At most `count` runs behind the last automated one, as seen at `now`; fewer when the schedule ends. `timezone`: for schedules without a zone. */
export function previewRuns(
  dag: Scheduled & { readonly timezone: string },
  last: DataInterval | null,
  now: number,
  count: number,
): readonly PreviewedRun[] {
  const timezone = "timezone" in dag.schedule ? dag.schedule.timezone : dag.timezone;
  const crons = cronsOf(dag.schedule);
  const runs: PreviewedRun[] = [];
  const wanted = ONE_BY_ONE.has(dag.schedule.kind) ? Math.min(1, count) : count;
  for (let before = last; runs.length < wanted;) {
    const info = nextDagRun(dag, before, now);
    if (info === null) break;
    const earlier = runs.at(-1)?.runAfter ?? last?.end ?? info.runAfter;
    const { runAfter } = info;
    const mark = crons.length === 0 ? null : markOf(crons, timezone, earlier, runAfter);
    runs.push(previewed(info, timezone, mark));
    before = info.interval;
  }
  return runs;
}

/** A run in the zone's time. */
export function previewed(info: DagRunInfo, timezone: string, mark: ClockMark | null): PreviewedRun {
  const { runAfter } = info;
  return { ...info, wall: wallTime(timezone, runAfter), offsetMs: zoneOffsetMs(timezone, runAfter), mark };
}

function cronsOf(schedule: ScheduleSpec): readonly CronExpression[] {
  if (schedule.kind === "cron-trigger") return schedule.crons.map(parseCron);
  return schedule.kind === "cron-data-interval" ? [parseCron(schedule.cron)] : [];
}

function markOf(crons: readonly CronExpression[], zone: string, earlier: number, at: number): ClockMark | null {
  const wall = wallTime(zone, at);
  if (!crons.some((cron) => nextWall(cron, wall - SECOND_MS) === wall)) return "moved";
  if (instantOfWall(zone, wall, "first") !== instantOfWall(zone, wall, "second")) return "repeated";
  const gap = gapBetween(zone, earlier, at);
  return gap !== null && crons.some((cron) => fallsInto(cron, gap)) ? "skipped" : null;
}

/** Only every-hour schedules pass times over; others have their run moved. */
function fallsInto(cron: CronExpression, { from, to }: { readonly from: number; readonly to: number }): boolean {
  const next = cron.hours.onlyStar ? nextWall(cron, from - SECOND_MS) : null;
  return next !== null && next < to;
}

/** Wall times that the clocks skip between two instants: from the first one that does not exist to the first that does. */
function gapBetween(zone: string, earlier: number, at: number): { readonly from: number; readonly to: number } | null {
  const offset = zoneOffsetMs(zone, earlier);
  if (zoneOffsetMs(zone, at) <= offset) return null;
  let [low, high] = [earlier, at];
  while (high - low > SECOND_MS) {
    const middle = Math.floor((low + high) / 2 / SECOND_MS) * SECOND_MS;
    if (middle <= low) break;
    if (zoneOffsetMs(zone, middle) === offset) low = middle;
    else high = middle;
  }
  return { from: high + offset, to: wallTime(zone, high) };
}
