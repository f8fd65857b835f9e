/**
 * @module The whole D1 schema. Rows of runs, task instances and DAGs mirror the objects that own them (guarded by `incarnation` and `seq`);
 * variables, connections, pools, users, tokens, webhooks and the event log live here only. Times are epoch ms; JSON columns end in `_json`.
 *
 * `migrations/` is generated from this file and append-only. The run tables are made `WITHOUT ROWID` there (half the rows written).
 */
import { sql } from "drizzle-orm";
import { index, integer, primaryKey, real, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";

const flag = (name: string) => integer(name, { mode: "boolean" }).notNull().default(false);

/** One row per DAG that was ever deployed. Its object updates schedule and run columns, guarded by `seq`; deploys write the rest. */
export const dag = sqliteTable(
  "dag",
  {
    dagId: text("dag_id").primaryKey(),
    displayName: text("display_name"),
    description: text("description"),
    isPaused: flag("is_paused"),
    /** No longer deployed. */
    isStale: flag("is_stale"),
    hasImportErrors: flag("has_import_errors"),
    relativeFileloc: text("relative_fileloc").notNull(),
    owners: text("owners").notNull(),
    timetableSummary: text("timetable_summary"),
    timetableKind: text("timetable_kind").notNull(),
    maxActiveTasks: integer("max_active_tasks").notNull(),
    maxActiveRuns: integer("max_active_runs").notNull(),
    maxConsecutiveFailedDagRuns: integer("max_consecutive_failed_dag_runs").notNull(),
    hasTaskConcurrencyLimits: flag("has_task_concurrency_limits"),
    warningsJson: text("warnings_json").notNull().default("[]"),
    specHash: text("spec_hash").notNull(),
    /** The spec, unless it is too large for a row: then it is in R2 only (`specs/<spec_hash>`). */
    specJson: text("spec_json"),
    versionNumber: integer("version_number").notNull(),
    lastParsedAt: integer("last_parsed_at").notNull(),
    nextDagrunLogicalDate: integer("next_dagrun_logical_date"),
    nextDagrunIntervalStart: integer("next_dagrun_interval_start"),
    nextDagrunIntervalEnd: integer("next_dagrun_interval_end"),
    nextDagrunCreateAfter: integer("next_dagrun_create_after"),
    /** When the cron must wake the DAG's object for its schedule: 0 = at the next tick. Null = never (no schedule, paused). */
    dueAt: integer("due_at"),
    /** When the cron must wake the DAG's object to look after its runs: the watchdog of the object's own alarm. Null = no run lasts long enough. */
    checkAt: integer("check_at"),
    seq: integer("seq").notNull().default(0),
  },
  (t) => [
    index("dag_due_at")
      .on(t.dueAt)
      .where(sql`due_at IS NOT NULL`),
    index("dag_check_at")
      .on(t.checkAt)
      .where(sql`check_at IS NOT NULL`),
  ],
);

export const dagVersion = sqliteTable(
  "dag_version",
  {
    dagId: text("dag_id").notNull(),
    versionNumber: integer("version_number").notNull(),
    specHash: text("spec_hash").notNull(),
    bundleVersion: text("bundle_version"),
    createdAt: integer("created_at").notNull(),
  },
  (t) => [primaryKey({ columns: [t.dagId, t.versionNumber] })],
);

export const dagTag = sqliteTable("dag_tag", { dagId: text("dag_id").notNull(), name: text("name").notNull() }, (t) => [
  primaryKey({ columns: [t.dagId, t.name] }),
  index("dag_tag_name").on(t.name),
]);

export const dagRun = sqliteTable(
  "dag_run",
  {
    dagId: text("dag_id").notNull(),
    runId: text("run_id").notNull(),
    incarnation: text("incarnation").notNull(),
    seq: integer("seq").notNull(),
    runType: text("run_type").notNull(),
    triggeredBy: text("triggered_by").notNull(),
    triggeringUser: text("triggering_user"),
    state: text("state").notNull(),
    endReason: text("end_reason"),
    logicalDate: integer("logical_date"),
    dataIntervalStart: integer("data_interval_start"),
    dataIntervalEnd: integer("data_interval_end"),
    runAfter: integer("run_after").notNull(),
    queuedAt: integer("queued_at").notNull(),
    startedAt: integer("started_at"),
    endedAt: integer("ended_at"),
    confJson: text("conf_json").notNull(),
    note: text("note"),
    backfillId: text("backfill_id"),
    generation: integer("generation").notNull(),
    specHash: text("spec_hash").notNull(),
    versionNumber: integer("version_number"),
    updatedAt: integer("updated_at").notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.dagId, t.runId] }),
    index("dag_run_dag_run_after").on(t.dagId, t.runAfter),
    index("dag_run_run_after").on(t.runAfter),
  ],
);

/**
 * Task instances, 64 to a row as in the run's own object: a run of few tasks costs one row written, however many. `v_json` is a list of lists in the order of
 * `INSTANCE_COLUMNS`; the view `task_instance`, written by hand in its migration, shows them one to a row.
 */
export const taskInstanceBlock = sqliteTable(
  "task_instance_block",
  {
    dagId: text("dag_id").notNull(),
    runId: text("run_id").notNull(),
    block: integer("block").notNull(),
    incarnation: text("incarnation").notNull(),
    /** Of the run when the block was written. */
    seq: integer("seq").notNull(),
    instances: integer("instances").notNull(),
    /** Distinct states, `,success,failed,`: a list of failed ones opens only blocks that have any. */
    states: text("states").notNull(),
    vJson: text("v_json").notNull(),
  },
  (t) => [primaryKey({ columns: [t.dagId, t.runId, t.block] })],
);

export const taskInstanceTry = sqliteTable(
  "task_instance_try",
  {
    dagId: text("dag_id").notNull(),
    runId: text("run_id").notNull(),
    taskId: text("task_id").notNull(),
    mapIndex: integer("map_index").notNull(),
    tryNumber: integer("try_number").notNull(),
    incarnation: text("incarnation").notNull(),
    state: text("state").notNull(),
    queuedAt: integer("queued_at"),
    startedAt: integer("started_at"),
    endedAt: integer("ended_at"),
    error: text("error"),
  },
  (t) => [primaryKey({ columns: [t.dagId, t.runId, t.taskId, t.mapIndex, t.tryNumber] })],
);

export const importError = sqliteTable(
  "import_error",
  {
    importErrorId: integer("import_error_id").primaryKey(),
    filename: text("filename").notNull(),
    message: text("message").notNull(),
    at: integer("at").notNull(),
  },
  (t) => [uniqueIndex("import_error_filename").on(t.filename)],
);

export const asset = sqliteTable(
  "asset",
  {
    assetId: integer("asset_id").primaryKey(),
    name: text("name").notNull(),
    uri: text("uri").notNull(),
    assetGroup: text("asset_group").notNull(),
    extraJson: text("extra_json").notNull().default("{}"),
    isActive: integer("is_active", { mode: "boolean" }).notNull().default(true),
    createdAt: integer("created_at").notNull(),
    updatedAt: integer("updated_at").notNull(),
  },
  (t) => [uniqueIndex("asset_uri").on(t.uri)],
);

export const assetEvent = sqliteTable(
  "asset_event",
  {
    eventId: text("event_id").primaryKey(),
    assetId: integer("asset_id").notNull(),
    extraJson: text("extra_json").notNull().default("{}"),
    sourceDagId: text("source_dag_id"),
    sourceRunId: text("source_run_id"),
    sourceTaskId: text("source_task_id"),
    sourceMapIndex: integer("source_map_index"),
    at: integer("at").notNull(),
  },
  (t) => [index("asset_event_asset").on(t.assetId, t.at)],
);

/** Mirror of the DAGs' objects, guarded by `seq`. The row is made first, with `seq` 0: it gives the id; until the object has taken it, it is no backfill. */
export const backfill = sqliteTable(
  "backfill",
  {
    backfillId: integer("backfill_id").primaryKey(),
    dagId: text("dag_id").notNull(),
    fromDate: integer("from_date").notNull(),
    toDate: integer("to_date").notNull(),
    confJson: text("conf_json").notNull().default("{}"),
    isPaused: flag("is_paused"),
    reprocessBehavior: text("reprocess_behavior").notNull(),
    runBackwards: flag("run_backwards"),
    maxActiveRuns: integer("max_active_runs").notNull(),
    triggeringUser: text("triggering_user"),
    createdAt: integer("created_at").notNull(),
    updatedAt: integer("updated_at").notNull(),
    completedAt: integer("completed_at"),
    seq: integer("seq").notNull().default(0),
  },
  (t) => [index("backfill_dag").on(t.dagId)],
);

/**
 * Schedules added at run time, beside the one in the DAG's file. Mirror of the DAGs' objects, guarded by `seq`; a row with `seq` 0 reserves the id
 * for a DAG, a deleted one stays so that late copies do not bring it back.
 */
export const schedule = sqliteTable(
  "schedule",
  {
    scheduleId: text("schedule_id").primaryKey(),
    dagId: text("dag_id").notNull(),
    scheduleJson: text("schedule_json").notNull(),
    confJson: text("conf_json").notNull().default("{}"),
    isActive: integer("is_active", { mode: "boolean" }).notNull().default(true),
    createdBy: text("created_by"),
    createdAt: integer("created_at").notNull(),
    /** Whom the application made it for (a tenant). */
    scheduleKey: text("schedule_key"),
    nextRunAt: integer("next_run_at"),
    isDeleted: flag("is_deleted"),
    seq: integer("seq").notNull().default(0),
  },
  (t) => [index("schedule_dag").on(t.dagId), index("schedule_key").on(t.scheduleKey, t.scheduleId)],
);

/** `value` is sealed: AES-256-GCM, see `sealed-text.ts`. */
export const variable = sqliteTable("variable", {
  key: text("key").primaryKey(),
  value: text("value").notNull(),
  description: text("description"),
  updatedAt: integer("updated_at").notNull(),
});

/** `password` and `extra` are sealed. */
export const connection = sqliteTable("connection", {
  connectionId: text("connection_id").primaryKey(),
  connType: text("conn_type").notNull(),
  description: text("description"),
  host: text("host"),
  login: text("login"),
  schema: text("schema"),
  port: integer("port"),
  password: text("password"),
  extra: text("extra"),
  updatedAt: integer("updated_at").notNull(),
});

export const pool = sqliteTable("pool", {
  name: text("name").primaryKey(),
  /** -1 = unlimited. */
  slots: integer("slots").notNull(),
  description: text("description"),
  includeDeferred: flag("include_deferred"),
  updatedAt: integer("updated_at").notNull(),
});

export const user = sqliteTable(
  "user",
  {
    userId: text("user_id").primaryKey(),
    username: text("username").notNull(),
    /** `pbkdf2-sha256$<rounds>$<salt>$<hash>`; null = no login by password. */
    passwordHash: text("password_hash"),
    role: text("role").notNull(),
    isActive: integer("is_active", { mode: "boolean" }).notNull().default(true),
    createdAt: integer("created_at").notNull(),
  },
  (t) => [uniqueIndex("user_username").on(t.username)],
);

/** Rights on single DAGs beyond the user's role. */
export const roleGrant = sqliteTable(
  "role_grant",
  { userId: text("user_id").notNull(), dagId: text("dag_id").notNull(), role: text("role").notNull() },
  (t) => [primaryKey({ columns: [t.userId, t.dagId] })],
);

export const apiToken = sqliteTable(
  "api_token",
  {
    tokenId: text("token_id").primaryKey(),
    userId: text("user_id").notNull(),
    name: text("name").notNull(),
    /** First characters, shown in lists. */
    prefix: text("prefix").notNull(),
    /** Hex sha256 of the whole token. */
    tokenHash: text("token_hash").notNull(),
    role: text("role").notNull(),
    createdAt: integer("created_at").notNull(),
    expiresAt: integer("expires_at"),
    lastUsedAt: integer("last_used_at"),
    revokedAt: integer("revoked_at"),
  },
  (t) => [uniqueIndex("api_token_hash").on(t.tokenHash)],
);

/** `secrets_sealed`: JSON list of signing secrets, sealed; several for rotation. */
export const webhook = sqliteTable("webhook", {
  dagId: text("dag_id").primaryKey(),
  style: text("style").notNull(),
  secretsSealed: text("secrets_sealed").notNull(),
  isEnabled: integer("is_enabled", { mode: "boolean" }).notNull().default(true),
  createdAt: integer("created_at").notNull(),
});

/** Append-only audit. */
export const eventLog = sqliteTable(
  "event_log",
  {
    eventLogId: integer("event_log_id").primaryKey({ autoIncrement: true }),
    at: integer("at").notNull(),
    event: text("event").notNull(),
    owner: text("owner"),
    dagId: text("dag_id"),
    runId: text("run_id"),
    taskId: text("task_id"),
    mapIndex: integer("map_index"),
    tryNumber: integer("try_number"),
    logicalDate: integer("logical_date"),
    extra: text("extra"),
  },
  (t) => [index("event_log_at").on(t.at)],
);

/**
 * When the upkeep of each DAG's history is due (retention, rows that objects and D1 owe each other), and behind which run it goes on. The row of the
 * DAG `""` is the deployment's own.
 */
export const upkeep = sqliteTable(
  "upkeep",
  { dagId: text("dag_id").primaryKey(), dueAt: integer("due_at").notNull(), afterRunId: text("after_run_id") },
  (t) => [index("upkeep_due_at").on(t.dueAt)],
);

/** Task instances that ended, by task and state, since metrics are on. Seconds are sums: over the `timed` ones, which had an attempt, and from scheduled to queued over the `waited` ones. */
export const taskTotal = sqliteTable(
  "task_total",
  {
    dagId: text("dag_id").notNull(),
    taskId: text("task_id").notNull(),
    state: text("state").notNull(),
    operatorName: text("operator_name").notNull(),
    ended: integer("ended").notNull(),
    timed: integer("timed").notNull(),
    runningS: real("running_s").notNull(),
    queuedS: real("queued_s").notNull(),
    waited: integer("waited").notNull(),
    scheduledS: real("scheduled_s").notNull(),
    since: integer("since").notNull(),
  },
  (t) => [primaryKey({ columns: [t.dagId, t.taskId, t.state] })],
);

/** Runs that ended, by DAG, type and state, since metrics are on. `delayS`: from due to started, of the `delayed` ones that the schedule made. */
export const runTotal = sqliteTable(
  "run_total",
  {
    dagId: text("dag_id").notNull(),
    runType: text("run_type").notNull(),
    state: text("state").notNull(),
    ended: integer("ended").notNull(),
    runningS: real("running_s").notNull(),
    delayed: integer("delayed").notNull(),
    delayS: real("delay_s").notNull(),
    since: integer("since").notNull(),
  },
  (t) => [primaryKey({ columns: [t.dagId, t.runType, t.state] })],
);

/** `ctx.stats`, summed up. `tagsJson` is canonical. `mark`: of a counter, it was decreased once; of a gauge, its last write set it. */
export const metricSeries = sqliteTable(
  "metric_series",
  {
    kind: text("kind").notNull(),
    name: text("name").notNull(),
    tagsJson: text("tags_json").notNull(),
    value: real("value").notNull(),
    count: integer("count").notNull(),
    mark: flag("mark"),
    since: integer("since").notNull(),
  },
  (t) => [primaryKey({ columns: [t.kind, t.name, t.tagsJson] })],
);

/** One row (`id` = 1): which bundle the rows above describe (empty before the first), and the clock's last sign of life. */
export const deployment = sqliteTable("deployment", {
  id: integer("id").primaryKey(),
  bundleHash: text("bundle_hash").notNull(),
  syncedAt: integer("synced_at").notNull(),
  /** Last tick of the clock. */
  tickedAt: integer("ticked_at"),
});
