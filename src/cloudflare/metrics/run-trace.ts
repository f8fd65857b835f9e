/**
 * @module One trace for a run: its own span, and below it one for each try of a task. Ids follow from the run's life, so that a repeat sends the same ones.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import type { Incarnation } from "../../model/ids.ts";
import { nanoseconds, otlpAttributes } from "./otlp.ts";

/** A run that has ended, as far as its trace shows it. */
export interface TracedRun {
  readonly dag_id: string;
  readonly run_id: string;
  readonly incarnation: Incarnation;
  readonly run_type: string;
  readonly state: string;
  readonly end_reason: string | null;
  readonly conf_json: string;
  readonly generation: number;
  readonly started_at: number;
  readonly ended_at: number;
}

/** A try that had an attempt. */
export interface TracedTry {
  readonly task_id: string;
  readonly map_index: number;
  readonly try_number: number;
  readonly state: string;
  readonly operator_name: string | null;
  readonly queued_at: number | null;
  readonly started_at: number;
  readonly ended_at: number;
  readonly error: string | null;
}

const INTERNAL = 1;
const OK = 1;
const ERROR = 2;

const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}$/;

/** W3C's `traceparent` in a run's conf: the trace that the run belongs to. Null when there is none, or an invalid one. */
function parentOf(conf: unknown): { readonly traceId: string; readonly spanId: string } | null {
  const given = typeof conf === "object" && conf !== null && "traceparent" in conf ? conf.traceparent : undefined;
  const [, traceId, spanId] = (typeof given === "string" ? TRACEPARENT.exec(given) : null) ?? [];
  if (traceId === undefined || spanId === undefined || /^0+$/.test(traceId) || /^0+$/.test(spanId)) return null;
  return { traceId, spanId };
}

/** All spans, the run's first. */
export function spansOf(run: TracedRun, tries: readonly TracedTry[]): readonly object[] {
  const parent = parentOf(JSON.parse(run.conf_json));
  const traceId = parent?.traceId ?? hashed(run.incarnation, 16);
  const runSpanId = hashed(`${run.incarnation}/run/${run.generation}`, 8);
  const shared = { "airflow.dag_id": run.dag_id, "airflow.dag_run.run_id": run.run_id };
  const own = {
    traceId,
    spanId: runSpanId,
    ...(parent === null ? {} : { parentSpanId: parent.spanId }),
    name: run.dag_id,
    kind: INTERNAL,
    startTimeUnixNano: nanoseconds(run.started_at),
    endTimeUnixNano: nanoseconds(run.ended_at),
    attributes: otlpAttributes({
      ...shared,
      "airflow.dag_run.run_type": run.run_type,
      "airflow.dag_run.state": run.state,
    }),
    status: statusOf(run.state, run.end_reason),
  };
  const below = tries.map((one) => ({
    traceId,
    spanId: hashed(`${run.incarnation}/${one.task_id}/${one.map_index}/${one.try_number}`, 8),
    parentSpanId: runSpanId,
    name: one.map_index < 0 ? one.task_id : `${one.task_id}[${one.map_index}]`,
    kind: INTERNAL,
    startTimeUnixNano: nanoseconds(one.started_at),
    endTimeUnixNano: nanoseconds(Math.max(one.started_at, one.ended_at)),
    attributes: otlpAttributes({
      ...shared,
      "airflow.task_id": one.task_id,
      "airflow.task_instance.map_index": one.map_index,
      "airflow.task_instance.try_number": one.try_number,
      "airflow.task_instance.state": one.state,
      ...(one.operator_name === null ? {} : { "airflow.task_instance.operator": one.operator_name }),
      ...(one.queued_at === null
        ? {}
        : { "airflow.task_instance.queued_ms": Math.max(0, one.started_at - one.queued_at) }),
    }),
    status: statusOf(one.state, one.error),
  }));
  return [own, ...below];
}

function statusOf(state: string, message: string | null): object {
  if (state !== "failed") return { code: OK };
  return { code: ERROR, message: (message ?? "failed").slice(0, 1_000) };
}

function hashed(text: string, bytes: number): string {
  return bytesToHex(sha256(new TextEncoder().encode(text)).slice(0, bytes));
}
