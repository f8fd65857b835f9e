/**
 * @module The authoring API: what a DAG file imports from "airflare". Re-exports only; loads in plain Node 24 as well as in a Worker.
 */
export * from "./dag/register.ts";
export { asset, assetAll, assetAny, type Asset, type AssetExpression } from "./dag/asset.ts";
export type { SlaMiss, SlaMissCallback } from "./dag/callbacks.ts";
export { defineConfig } from "./dag/config.ts";
export type {
  AssetEventView,
  CallbackContext,
  ConnectionInfo,
  Context,
  DagCallbackContext,
  HookClass,
  OutletEvent,
  Resumed,
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
  type DeferOptions,
  TaskDeferralTimeout,
  TaskDeferred,
} from "./dag/exceptions.ts";
export { branch } from "./dag/operators/branch.ts";
export { empty } from "./dag/operators/empty.ts";
export { latestOnly } from "./dag/operators/latest-only.ts";
export { shortCircuit } from "./dag/operators/short-circuit.ts";
export { getConnection, getVariable } from "./dag/lookups.ts";
export { p, type Param, type ParamValues } from "./dag/param.ts";
export type { RelativeDelta } from "./dag/relative-delta.ts";
export type { CronSchedule, DeltaSchedule, EventsSchedule, Schedule } from "./dag/schedule.ts";
export { safeFetch, type SafeFetchInit } from "./dag/safe-fetch.ts";
export type { ListOptions, ObjectStoreHook, StoredObject, WriteOptions } from "./dag/hooks/object-store-hook.ts";
export { S3Hook } from "./dag/hooks/s3-hook.ts";
export { D1Hook } from "./dag/hooks/d1-hook.ts";
export { HttpHook, type HttpRequest } from "./dag/hooks/http-hook.ts";
export { R2Hook } from "./dag/hooks/r2-hook.ts";
export { http, type HttpOptions } from "./dag/operators/http.ts";
export { sqlExecuteQuery, type SqlExecuteQueryOptions } from "./dag/operators/sql-execute-query.ts";
export { SlackHook, type SlackMessage } from "./dag/hooks/slack-hook.ts";
export { type Deadline, type DeadlineContext, DeadlineReference } from "./dag/callbacks.ts";
export { SmtpHook } from "./dag/hooks/smtp-hook.ts";
export type { Mail } from "./dag/mail/mail-message.ts";
export { email, type EmailOptions, sendEmail } from "./dag/operators/email.ts";
export { callWorker, type CallWorkerOptions } from "./dag/operators/call-worker.ts";
export { queueSend, type QueueSendOptions } from "./dag/operators/queue-send.ts";
export { slackWebhook, type SlackWebhookOptions } from "./dag/operators/slack-webhook.ts";
export { triggerDag, type TriggerDagOptions } from "./dag/operators/trigger-dag.ts";
export { workflow, type WorkflowOptions } from "./dag/operators/workflow.ts";
export { PostgresHook } from "./dag/hooks/postgres-hook.ts";
export { SqlHook, type SqlResult, type SqlRow, type StreamOptions } from "./dag/hooks/sql-hook.ts";
export type { BoundSql, SqlParameters } from "./dag/hooks/sql-parameters.ts";
export type { ObjectInfo } from "./dag/object-source.ts";
export { dateTimeSensor, type DateTimeSensorOptions } from "./dag/sensors/date-time.ts";
export { dayOfWeek, type DayOfWeekOptions, type WeekDay } from "./dag/sensors/day-of-week.ts";
export { done, type Done } from "./dag/sensors/done.ts";
export { externalTask, type ExternalTaskOptions } from "./dag/sensors/external-task.ts";
export type { Field } from "./dag/sensors/fields.ts";
export { fileSensor, type FileSensorOptions } from "./dag/sensors/file.ts";
export { httpSensor, type HttpSensorOptions } from "./dag/sensors/http.ts";
export type { CheckFn } from "./dag/sensors/key-match.ts";
export { r2Key, type R2KeyOptions } from "./dag/sensors/r2-key.ts";
export { s3Key, type S3KeyOptions } from "./dag/sensors/s3-key.ts";
export { Sensor, sensor, type SensorOptions } from "./dag/sensors/sensor.ts";
export { sqlSensor, type SqlSensorOptions } from "./dag/sensors/sql.ts";
export { timeSensor, type TimeSensorOptions } from "./dag/sensors/time.ts";
export { timeDelta, type TimeDeltaOptions } from "./dag/sensors/time-delta.ts";
export {
  dateTimeTrigger,
  externalTaskTrigger,
  type ExternalTaskTriggerOptions,
  httpTrigger,
  type HttpTriggerOptions,
  timeDeltaTrigger,
  type Trigger,
} from "./dag/triggers.ts";
export { typed, type NotStorable, type Typed } from "./dag/storable.ts";
export { task, type TaskDef } from "./dag/task.ts";
export { taskGroup, type TaskGroup, type TaskGroupOptions } from "./dag/task-group.ts";
export type { DefaultArgs, TaskOptions } from "./dag/task-options.ts";
export { type DagRunInfo, type DataInterval, Timetable, type TimeRestriction } from "./dag/custom-timetable.ts";
export { cronDataInterval, cronTrigger, deltaDataInterval, deltaTrigger, events } from "./dag/timetables.ts";
export type { MappedTaskArg, TaskArg, ValueRef, XComArg } from "./dag/xcom-arg.ts";
export type { Duration } from "./lib/duration.ts";
export type { TriggerRule } from "./model/trigger-rule.ts";
export { DagBag, testContext, testDag } from "./testing.ts";
