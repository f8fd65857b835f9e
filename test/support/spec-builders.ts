/**
 * @module Builders of specs and run heads for tests: a whole valid value with the few fields a test cares about.
 */
import type { DagRunHead } from "../../src/model/dag-run.ts";
import { DAG_SPEC_VERSION, type DagSpec } from "../../src/model/dag-spec.ts";
import type { TaskSpec } from "../../src/model/task-spec.ts";

export function aTaskSpec(over: Partial<TaskSpec> & { readonly taskId: string }): TaskSpec {
  return {
    kind: "task",
    operatorName: "PythonOperator",
    upstream: [],
    groupId: null,
    triggerRule: "all_success",
    isSetup: false,
    isTeardown: false,
    onFailureFailDagrun: false,
    owner: "airflow",
    retries: 0,
    retryDelayMs: 300_000,
    retryExponentialBackoff: 0,
    maxRetryDelayMs: null,
    executionTimeoutMs: 600_000,
    dependsOnPast: false,
    waitForDownstream: false,
    ignoreFirstDependsOnPast: false,
    pool: "default_pool",
    poolSlots: 1,
    priorityWeight: 1,
    weightRule: "downstream",
    maxActiveTisPerDag: null,
    maxActiveTisPerDagrun: null,
    queue: "default",
    isolate: false,
    executor: "queue",
    args: {},
    expand: null,
    reportLengths: [],
    multipleOutputs: false,
    doXcomPush: true,
    ignoreDownstreamTriggerRules: true,
    sensor: null,
    callbacks: [],
    email: [],
    emailOnFailure: true,
    emailOnRetry: true,
    slaMs: null,
    inlets: [],
    outlets: [],
    docMd: null,
    displayName: null,
    params: {},
    ...over,
  };
}

export function aDagSpec(over: Partial<DagSpec> & { readonly dagId: string }): DagSpec {
  return {
    v: DAG_SPEC_VERSION,
    displayName: null,
    description: null,
    docMd: null,
    tags: [],
    relativeFileloc: "test.ts",
    schedule: { kind: "none" },
    scheduleText: null,
    timezone: "UTC",
    startDate: null,
    endDate: null,
    catchup: false,
    maxActiveRuns: 16,
    maxActiveTasks: 16,
    maxConsecutiveFailedDagRuns: 0,
    dagrunTimeoutMs: null,
    failFast: false,
    isPausedUponCreation: false,
    params: {},
    renderTemplateAsNativeObj: false,
    defaultArgs: {},
    callbacks: [],
    groups: [],
    tasks: [],
    warnings: [],
    ...over,
  };
}

/** A queued manual run of 2026-01-01. */
export function aDagRunHead(over: Partial<DagRunHead> = {}): DagRunHead {
  const at = 1_767_225_600_000;
  return {
    dagId: "dag",
    runId: "run",
    incarnation: "inc",
    runType: "manual",
    triggeredBy: "test",
    triggeringUser: null,
    logicalDate: at,
    dataIntervalStart: at,
    dataIntervalEnd: at,
    runAfter: at,
    conf: {},
    params: {},
    backfillId: null,
    specHash: "spec",
    note: null,
    state: "queued",
    endReason: null,
    queuedAt: at,
    startedAt: null,
    endedAt: null,
    generation: 0,
    seq: 0,
    lastNow: at,
    ...over,
  };
}
