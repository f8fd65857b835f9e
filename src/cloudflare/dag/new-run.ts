/**
 * @module The head of a run to be made: id, dates, params. Decides nothing about whether it may be made or started.
 */
import type { DataInterval } from "../../engine/timetable/base.ts";
import { timetableOf } from "../../engine/timetable/next-dag-run.ts";
import type { DagRunHead } from "../../model/dag-run.ts";
import type { DagSpec } from "../../model/dag-spec.ts";
import type { CreateRunRequest } from "../../model/protocol.ts";
import { newIncarnation, runIdOf } from "./run-id.ts";
import { runParams } from "../../dag/run-params.ts";

/** Throws `invalid_params` when the conf does not fit the declared params. */
export function newRunHead(spec: DagSpec, request: CreateRunRequest, now: number, randomId: () => string): DagRunHead {
  const params = runParams(spec, request.conf);
  const interval = intervalOf(spec, request);
  // As Airflow: a run whose interval follows from its logical date is due at the interval's end.
  const inferred = request.dataInterval === null ? interval?.end : undefined;
  const runAfter = request.runAfter ?? inferred ?? now;
  return {
    dagId: spec.dagId,
    runId: request.runId ?? runIdOf(request.runType, request.logicalDate, runAfter, randomId),
    incarnation: newIncarnation(now, randomId),
    runType: request.runType,
    triggeredBy: request.triggeredBy,
    triggeringUser: request.triggeringUser,
    logicalDate: request.logicalDate,
    dataIntervalStart: interval?.start ?? null,
    dataIntervalEnd: interval?.end ?? null,
    runAfter,
    conf: request.conf,
    params,
    backfillId: request.backfillId,
    specHash: request.specHash,
    note: request.note,
    state: "queued",
    endReason: null,
    queuedAt: now,
    startedAt: null,
    endedAt: null,
    generation: 0,
    seq: 0,
    lastNow: now,
  };
}

/** As given, else what the DAG's timetable says for the logical date; none without a logical date. */
function intervalOf(spec: DagSpec, { dataInterval, logicalDate }: CreateRunRequest): DataInterval | null {
  if (dataInterval !== null) return dataInterval;
  return logicalDate === null ? null : timetableOf(spec.schedule).inferManualInterval(logicalDate);
}
