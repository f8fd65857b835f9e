/**
 * @module The scale rows: part of `npm run bench -- --scale`, or named by `--only`.
 */
import { backfillRow } from "./backfill.ts";
import { LARGE_RUN_ROWS } from "./large-runs.ts";
import { crowdRow } from "./crowd-of-dags.ts";
import { poolRow } from "./pool.ts";
import { runTimeSchedulesRow } from "./run-time-schedules.ts";
import type { ScaleRow } from "./scale-row.ts";
import { timetablesRow } from "./timetables.ts";
import { waitingRow } from "./waiting.ts";

export const SCALE_ROWS: readonly ScaleRow[] = [
  crowdRow,
  runTimeSchedulesRow,
  backfillRow,
  timetablesRow,
  waitingRow,
  poolRow,
  ...LARGE_RUN_ROWS,
];
