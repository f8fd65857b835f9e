/**
 * @module `triggerDag`: starts a run of another DAG (Airflow's `TriggerDagRunOperator`), and waits for its end when asked: without a worker, woken by the other DAG.
 */
import type { Context } from "../context.ts";
import type { Dag } from "../dag.ts";
import type { TaskArg } from "../xcom-arg.ts";
import { AirflowException, AirflowSkipException } from "../exceptions.ts";
import { again } from "../sensors/again.ts";
import { done } from "../sensors/done.ts";
import { externalWaitOf, judgeExternal } from "../external-wait.ts";
import { Fields, type Field } from "../sensors/fields.ts";
import { invalidDag } from "../invalid-dag.ts";
import { outsideOf, type TriggeredRun } from "../outside.ts";
import { placeBuiltIn, type SensorOptions } from "../sensors/sensor.ts";
import { recordValue, textValue } from "./operator.ts";

/** When nobody woke the task it looks by itself. */
const RECHECK_MS = 600_000;

export interface TriggerDagOptions extends SensorOptions {
  /** Default: made from the logical date. */
  readonly triggerRunId?: Field<string>;
  /** Default: now. A DAG has one run for each logical date. */
  readonly logicalDate?: Field<Date | string>;
  readonly note?: Field<string>;
  /** Waits until the run is in one of `allowedStates`. Default false. */
  readonly wait?: boolean;
  /** With `wait`; default `["success"]`. */
  readonly allowedStates?: readonly string[];
  /** With `wait`: these fail the task; default `["failed"]`. */
  readonly failedStates?: readonly string[];
  /** When a run with `triggerRunId` is there: it runs again from the start. Default false: the task fails. */
  readonly resetDagRun?: boolean;
  /** When a run with `triggerRunId` is there: the task is skipped. */
  readonly skipWhenAlreadyExists?: boolean;
}

/** Values for a DAG's params; those left out take their defaults. */
type ConfOf<P> = { readonly [K in keyof P]?: Field<P[K]> };

/**
 * Places the trigger. Its result is the id of the run. Each try of the task starts one run, however often the attempt itself is repeated.
 * @example
 * triggerDag("kick", "customer_etl_pipeline", { day: "{{ ds }}" }, { wait: true, timeout: "2h" });
 */
export function triggerDag<P>(
  id: string,
  dag: Dag<P>,
  conf?: ConfOf<NoInfer<P>>,
  options?: TriggerDagOptions,
): TaskArg<string>;
export function triggerDag(
  id: string,
  dag: string,
  conf?: Readonly<Record<string, unknown>>,
  options?: TriggerDagOptions,
): TaskArg<string>;
export function triggerDag(
  id: string,
  dag: { readonly dagId: string } | string,
  conf: object = {},
  options: TriggerDagOptions = {},
): TaskArg<string> {
  const {
    triggerRunId,
    logicalDate,
    note,
    wait = false,
    allowedStates,
    failedStates = ["failed"],
    ...others
  } = options;
  const { resetDagRun = false, skipWhenAlreadyExists = false, ...rest } = others;
  const place = { taskId: id };
  if (resetDagRun && skipWhenAlreadyExists)
    throw invalidDag(place, "resetDagRun and skipWhenAlreadyExists exclude each other; give one of them");
  const dagId = typeof dag === "string" ? dag : dag.dagId;
  const onExisting = resetDagRun ? "reset" : skipWhenAlreadyExists ? "take" : "fail";
  const waiting = waitOf(() => externalWaitOf(dagId, { allowedStates, failedStates }));
  return placeBuiltIn<string>({
    id,
    operatorName: "TriggerDagRunOperator",
    options: rest,
    fields: new Fields(place, { conf, triggerRunId, logicalDate, note }),
    poke: async (values, context) => {
      const run = await triggeredOnce(values, context, { dagId, onExisting });
      if (!run.isNew && skipWhenAlreadyExists)
        throw new AirflowSkipException(`DAG ${dagId} has a run ${run.runId} already.`);
      if (!wait) return done(run.runId);
      if (run.logicalDate === null)
        throw new AirflowException(`Run ${run.runId} of DAG ${dagId} has no logical date, so it cannot be waited for.`);
      const outside = outsideOf(context);
      const wanted = { ...waiting, logicalDates: [run.logicalDate] };
      const { runs } = await outside.observe(wanted);
      const verdict = judgeExternal(wanted, runs);
      if (verdict === "failed")
        throw new AirflowException(`Run ${run.runId} of DAG ${dagId} is in a state of failedStates.`);
      return verdict === "success" ? done(run.runId) : again(outside.now() + RECHECK_MS);
    },
  });

  function waitOf<T>(make: () => T): T {
    try {
      return make();
    } catch (thrown) {
      throw invalidDag(place, thrown instanceof Error ? thrown.message : String(thrown));
    }
  }
}

/** One run for each try: what the first poke has started, the later ones find again. */
function triggeredOnce(
  values: Readonly<Record<string, unknown>>,
  context: Context,
  target: { readonly dagId: string; readonly onExisting: "fail" | "reset" | "take" },
): Promise<TriggeredRun> {
  const { ti } = context;
  const name = `trigger:${ti.tryNumber}`;
  const { now, trigger } = outsideOf(context);
  return context.once(name, () =>
    trigger({
      ...target,
      callId: `${ti.dagId}/${ti.idempotencyKey}/${name}`,
      runId: typeof values["triggerRunId"] === "string" ? values["triggerRunId"] : null,
      logicalDate: dateOf(values["logicalDate"]) ?? now(),
      conf: recordValue(values["conf"]),
      note: typeof values["note"] === "string" ? values["note"] : null,
    }),
  );
}

function dateOf(value: unknown): number | null {
  if (value === undefined) return null;
  const at = value instanceof Date ? value.getTime() : Date.parse(textValue(value));
  if (Number.isNaN(at)) throw new AirflowException(`logicalDate ${JSON.stringify(value)} is no date.`);
  return at;
}
