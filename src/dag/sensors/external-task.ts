/**
 * @module `externalTask`: waits for tasks, a task group or whole runs of another DAG (Airflow's `ExternalTaskSensor`).
 *
 * The other DAG wakes the sensor when something that it waits for happens; the poke interval, `10m` here, is only for the case that nobody did.
 */
import type { Context } from "../context.ts";
import type { Dag } from "../dag.ts";
import type { Duration } from "../../lib/duration.ts";
import type { SensorOptions } from "./sensor.ts";
import type { TaskArg } from "../xcom-arg.ts";
import { again } from "./again.ts";
import { AirflowException, AirflowFailException, AirflowSkipException } from "../exceptions.ts";
import { externalWaitOf, judgeExternal } from "../external-wait.ts";
import type { ExternalWait } from "../../model/deferral.ts";
import { Fields } from "./fields.ts";
import { invalidDag } from "../invalid-dag.ts";
import { OptionReader } from "../task-spec-of.ts";
import { outsideOf } from "../outside.ts";
import { placeBuiltIn } from "./sensor.ts";

const RECHECK = "10m";

export interface ExternalTaskOptions extends SensorOptions {
  /** The DAG, or its id. */
  readonly dag: Dag | string;
  /** Full ids, with their group prefix. None of `task`, `tasks`, `group`: the whole run. */
  readonly task?: string;
  readonly tasks?: readonly string[];
  readonly group?: string;
  /** The other run's logical date is this much earlier than the own one; default: the same. */
  readonly executionDelta?: Duration;
  /** The logical dates to wait for, from the own one. Not with `executionDelta`. */
  readonly executionDateFn?: (
    logicalDate: Date,
    ctx: Context,
  ) => Date | readonly Date[] | Promise<Date | readonly Date[]>;
  /** Default `["success"]`. */
  readonly allowedStates?: readonly string[];
  /** Any of them fails the sensor; default none: a failed task is waited for, until the time-out. */
  readonly failedStates?: readonly string[];
  /** Any of them skips the sensor; default none. */
  readonly skippedStates?: readonly string[];
  /** Fails at once when the DAG, task or group is not deployed; default false: it is waited for. */
  readonly checkExistence?: boolean;
}

/**
 * Waits until runs of the other DAG with the same logical date (or the dates asked for) have got there: every date, every task.
 * @example
 * const upstream = externalTask("wait_for_upstream", { dag: "customer_etl_pipeline", task: "load", failedStates: ["failed"], timeout: "1h" });
 */
export function externalTask(id: string, options: ExternalTaskOptions): TaskArg<void> {
  const {
    dag,
    task,
    tasks,
    group,
    executionDelta,
    executionDateFn,
    allowedStates,
    failedStates,
    skippedStates,
    ...others
  } = options;
  const { checkExistence = false, ...rest } = others;
  const place = { taskId: id };
  if (executionDelta !== undefined && executionDateFn !== undefined)
    throw invalidDag(place, "executionDelta and executionDateFn exclude each other; give one of them");
  const deltaMs = new OptionReader(place).duration("executionDelta", executionDelta) ?? 0;
  const intervalMs = new OptionReader(place).duration("pokeInterval", rest.pokeInterval ?? RECHECK) ?? 0;
  const dagId = typeof dag === "string" ? dag : dag.dagId;
  const wait = waitOf(
    () => externalWaitOf(dagId, { task, tasks, group, allowedStates, failedStates, skippedStates }),
    place,
  );
  return placeBuiltIn({
    id,
    operatorName: "ExternalTaskSensor",
    options: rest,
    pokeInterval: RECHECK,
    fields: new Fields(place, { dag: dagId, task, tasks, group }),
    poke: async (_values, context) => {
      const logicalDates = await datesOf(context, deltaMs, executionDateFn);
      const shown = logicalDates.map((at) => new Date(at).toISOString()).join(", ");
      context.log.info(`Poking for ${subject(wait)} on ${shown}`);
      return judged({ ...wait, logicalDates }, context, {
        checkExistence,
        softFail: rest.softFail === true,
        intervalMs,
      });
    },
  });
}

async function judged(
  wait: ExternalWait,
  context: Context,
  options: { readonly checkExistence: boolean; readonly softFail: boolean; readonly intervalMs: number },
): Promise<true | ReturnType<typeof again>> {
  const outside = outsideOf(context);
  const { isDeployed, unknown, runs } = await outside.observe(wait);
  if (options.checkExistence && !isDeployed)
    throw new AirflowException(`The external DAG ${wait.dagId} does not exist.`);
  if (options.checkExistence && unknown.length > 0)
    throw new AirflowException(
      `The external ${wait.groupId === null ? "task" : "task group"} ${unknown.join(", ")} in DAG ${wait.dagId} does not exist.`,
    );
  switch (judgeExternal(wait, runs)) {
    case "success":
      return true;
    case "failed": {
      const message = `${subject(wait)} failed: ${wait.failedStates.join(", ")} is among the states to fail on.`;
      throw options.softFail
        ? new AirflowSkipException(`${message} Skipping due to softFail.`)
        : new AirflowException(message);
    }
    case "skipped":
      throw new AirflowSkipException(`${subject(wait)} reached a state to skip on (${wait.skippedStates.join(", ")}).`);
    case "waiting":
      return again(outside.now() + options.intervalMs);
  }
}

async function datesOf(
  context: Context,
  deltaMs: number,
  dateFn: ExternalTaskOptions["executionDateFn"],
): Promise<readonly number[]> {
  if (dateFn === undefined) return [context.logicalDate.getTime() - deltaMs];
  const answer = [await dateFn(context.logicalDate, context)].flat();
  const dates = answer.map((date) => (date instanceof Date ? date.getTime() : Number.NaN));
  if (dates.length === 0 || dates.some(Number.isNaN))
    throw new AirflowFailException("executionDateFn must answer a Date, or a list of at least one.");
  return dates;
}

function subject({ dagId, taskIds, groupId }: Pick<ExternalWait, "dagId" | "taskIds" | "groupId">): string {
  if (groupId !== null) return `task group ${groupId} of DAG ${dagId}`;
  return taskIds === null ? `DAG ${dagId}` : `task ${taskIds.join(", ")} of DAG ${dagId}`;
}

function waitOf<T>(make: () => T, place: { readonly taskId: string }): T {
  try {
    return make();
  } catch (thrown) {
    throw thrown instanceof Error ? invalidDag(place, thrown.message) : thrown;
  }
}
