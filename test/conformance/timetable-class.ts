/**
 * @module Which class of timetable a value given as `schedule` means (`default_class`), with the project switch off and on.
 */
import type { RowResult } from "./conformance-data.ts";
import { asset } from "../../src/dag/asset.ts";
import { dag } from "../../src/dag/dag.ts";
import { defineConfig } from "../../src/dag/config.ts";
import type { DagOptions } from "../../src/dag/dag-options.ts";
import { readSchedule } from "../../src/dag/schedule.ts";
import type { ScheduleSpec } from "../../src/model/dag-spec.ts";

interface Verdict {
  readonly cls?: string;
  readonly max_active_runs?: number;
  readonly error?: string;
}

export interface ClassRow {
  /** The value as Python prints it, and its type. */
  readonly schedule: string;
  readonly type: string;
  readonly default: Verdict;
  readonly create_cron_data_intervals_true: Verdict;
  /** As the default: the one switch governs both, in Airflow too. */
  readonly create_delta_data_intervals_true: Verdict;
}

const CLASSES: Readonly<Record<ScheduleSpec["kind"], string>> = {
  none: "NullTimetable",
  "cron-trigger": "CronTriggerTimetable",
  "cron-data-interval": "CronDataIntervalTimetable",
  "delta-trigger": "DeltaTriggerTimetable",
  "delta-data-interval": "DeltaDataIntervalTimetable",
  once: "OnceTimetable",
  continuous: "ContinuousTimetable",
  events: "EventsTimetable",
  custom: "Timetable",
  assets: "AssetTriggeredTimetable",
};

export function checkClass(row: ClassRow): RowResult {
  const id = `default_class ${row.type} '${row.schedule}'`;
  const problems = [
    differs("default", row.default, verdictOf(row, false)),
    differs("createCronDataIntervals", row.create_cron_data_intervals_true, verdictOf(row, true)),
    differs("create_delta_data_intervals", row.create_delta_data_intervals_true, verdictOf(row, false)),
  ].filter((problem) => problem !== null);
  return { id, problem: problems.length === 0 ? null : problems.join("; ") };
}

function differs(when: string, theirs: Verdict, ours: Verdict): string | null {
  const same =
    theirs.error === undefined
      ? theirs.cls === ours.cls && (theirs.max_active_runs ?? ours.max_active_runs) === ours.max_active_runs
      : ours.error !== undefined;
  return same ? null : `${when}: ${JSON.stringify(ours)}, not ${JSON.stringify(theirs)}`;
}

function verdictOf(row: ClassRow, createCronDataIntervals: boolean): Verdict {
  defineConfig({ createCronDataIntervals });
  try {
    // Airflow picks the class of a text before it reads the text as a cron; so must ours, whatever it then says of it.
    const schedule = valueOf(row);
    const { spec } = readSchedule({}, { schedule }, "UTC");
    const cls =
      spec.kind === "cron-trigger" && spec.crons.length > 1 ? "MultipleCronTriggerTimetable" : CLASSES[spec.kind];
    const rest = spec.kind === "cron-trigger" || spec.kind === "cron-data-interval" ? "@daily" : schedule;
    return { cls, max_active_runs: dag("classes", { schedule: rest }, () => {}).spec.maxActiveRuns };
  } catch (thrown) {
    return { error: String(thrown) };
  } finally {
    defineConfig({});
  }
}

/** Python's text of a value as the value an author would write here. */
function valueOf({ schedule, type }: ClassRow): NonNullable<DagOptions["schedule"]> | null {
  switch (type) {
    case "str":
      return schedule;
    case "NoneType":
      return null;
    case "timedelta":
      return { every: `${secondsOf(schedule)}s` };
    case "relativedelta":
      return {
        every: Object.fromEntries([...schedule.matchAll(/(\w+)=([+-]?\d+)/g)].map(([, name, n]) => [name, Number(n)])),
      };
    case "Asset":
    case "Dataset":
    case "list":
    case "tuple":
      return schedule === "[]" || schedule === "()" ? [] : [asset("r2://a")];
    default:
      // Of no type that a schedule can have: the number itself, as a careless author writes it.
      return JSON.parse(/^-?\d+(\.\d+)?$/.test(schedule) ? schedule : JSON.stringify({ value: schedule }));
  }
}

/** `1:00:00`, `2 days, 0:30:00`. */
function secondsOf(text: string): number {
  const match = /^(?:(-?\d+) days?, )?(\d+):(\d+):(\d+(?:\.\d+)?)$/.exec(text);
  if (match === null) throw new Error(`no timedelta: ${text}`);
  const [days, hours, minutes, seconds] = match.slice(1).map((part) => Number(part ?? 0));
  return (((days ?? 0) * 24 + (hours ?? 0)) * 60 + (minutes ?? 0)) * 60 + (seconds ?? 0);
}
