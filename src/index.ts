/**
 * @module The authoring API: what a DAG file imports from "airflare". Re-exports only; loads in plain Node 24 as well as in a Worker.
 */
export * from "./dag/register.ts";
export { asset, type Asset } from "./dag/asset.ts";
export type { SlaMiss, SlaMissCallback } from "./dag/callbacks.ts";
export { defineConfig } from "./dag/config.ts";
export type {
  CallbackContext,
  ConnectionInfo,
  Context,
  DagCallbackContext,
  HookClass,
  Stats,
  TaskInstanceContext,
  TaskLog,
  Variables,
  XComPullOptions,
} from "./dag/context.ts";
export { Dag, dag, type DagTask } from "./dag/dag.ts";
export type { DagOptions } from "./dag/dag-options.ts";
export { daysAgo } from "./dag/days-ago.ts";
export { chain, crossDownstream, type EdgeEnd, type Edgeable } from "./dag/edges.ts";
export {
  AirflowException,
  AirflowFailException,
  AirflowRescheduleException,
  AirflowSensorTimeout,
  AirflowSkipException,
  AirflowTaskTimeout,
  TaskDeferred,
} from "./dag/exceptions.ts";
export { branch } from "./dag/operators/branch.ts";
export { empty } from "./dag/operators/empty.ts";
export { latestOnly } from "./dag/operators/latest-only.ts";
export { shortCircuit } from "./dag/operators/short-circuit.ts";
export { p, type Param, type ParamValues } from "./dag/param.ts";
export type { RelativeDelta } from "./dag/relative-delta.ts";
export type { CronSchedule, DeltaSchedule, EventsSchedule, Schedule } from "./dag/schedule.ts";
export { safeFetch, type SafeFetchInit } from "./dag/safe-fetch.ts";
export type { ListOptions, ObjectStoreHook, StoredObject, WriteOptions } from "./dag/hooks/object-store-hook.ts";
export { S3Hook } from "./dag/hooks/s3-hook.ts";
export { PostgresHook } from "./dag/hooks/postgres-hook.ts";
export { SqlHook, type SqlResult, type SqlRow, type StreamOptions } from "./dag/hooks/sql-hook.ts";
export type { BoundSql, SqlParameters } from "./dag/hooks/sql-parameters.ts";
export { done, type Done } from "./dag/sensors/done.ts";
export { Sensor, sensor, type SensorOptions } from "./dag/sensors/sensor.ts";
export { typed, type NotStorable, type Typed } from "./dag/storable.ts";
export { task, type TaskDef } from "./dag/task.ts";
export { taskGroup, type TaskGroup, type TaskGroupOptions } from "./dag/task-group.ts";
export type { DefaultArgs, TaskOptions } from "./dag/task-options.ts";
export { cronDataInterval, cronTrigger, deltaDataInterval, deltaTrigger, events } from "./dag/timetables.ts";
export type { MappedTaskArg, TaskArg, ValueRef, XComArg } from "./dag/xcom-arg.ts";
export type { Duration } from "./lib/duration.ts";
export type { TriggerRule } from "./model/trigger-rule.ts";
export { DagBag, testContext, testDag } from "./testing.ts";
