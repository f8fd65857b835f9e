/**
 * @module `latestOnly`: skips its direct downstream when a newer run of the schedule is due already (Airflow's `LatestOnlyOperator`).
 *
 * Only scheduled runs are held back: a manual run, a backfill or a run of a DAG without a schedule goes on.
 */
import type { Context } from "../context.ts";
import type { Scheduled } from "../../engine/timetable/next-dag-run.ts";
import type { TaskArg } from "../xcom-arg.ts";
import type { TaskId } from "../../model/ids.ts";
import type { TaskOptions } from "../task-options.ts";
import { nextDagRun } from "../../engine/timetable/next-dag-run.ts";
import { placeTask } from "../place-task.ts";
import { taskRef } from "../task-ref.ts";

/**
 * Places the task.
 * @example
 * latestOnly("latest_only").before(refreshDashboard);
 */
export function latestOnly(id: string, options: TaskOptions<"all_success"> = {}): TaskArg<string[]> {
  return taskRef(
    placeTask({
      id,
      what: "branch",
      operatorName: "LatestOnlyOperator",
      options,
      execute:
        ({ downstream, schedule }) =>
        (_input, context) => {
          const follow = isLatest(schedule, context, Date.now()) ? downstream(context.ti.taskId) : [];
          return follow satisfies readonly TaskId[];
        },
    }),
  );
}

/** True unless the run after this one is due at `now`. */
export function isLatest(schedule: Scheduled, context: Pick<Context, "dagRun">, now: number): boolean {
  const { runType, dataInterval } = context.dagRun;
  if (runType !== "scheduled" || dataInterval.start === null || dataInterval.end === null) return true;
  const last = { start: dataInterval.start.getTime(), end: dataInterval.end.getTime() };
  // With catchup the timetable answers the very next run, whether it is due or not.
  const next = nextDagRun({ ...schedule, endDate: null, catchup: true }, last, now);
  return next === null || now < next.runAfter;
}
