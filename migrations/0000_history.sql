CREATE TABLE `api_token` (
	`token_id` text PRIMARY KEY NOT NULL,
	`user_id` text NOT NULL,
	`name` text NOT NULL,
	`prefix` text NOT NULL,
	`token_hash` text NOT NULL,
	`role` text NOT NULL,
	`created_at` integer NOT NULL,
	`expires_at` integer,
	`last_used_at` integer,
	`revoked_at` integer
);
--> statement-breakpoint
CREATE UNIQUE INDEX `api_token_hash` ON `api_token` (`token_hash`);--> statement-breakpoint
CREATE TABLE `asset` (
	`asset_id` integer PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`uri` text NOT NULL,
	`asset_group` text NOT NULL,
	`extra_json` text DEFAULT '{}' NOT NULL,
	`is_active` integer DEFAULT true NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `asset_uri` ON `asset` (`uri`);--> statement-breakpoint
CREATE TABLE `asset_event` (
	`event_id` text PRIMARY KEY NOT NULL,
	`asset_id` integer NOT NULL,
	`extra_json` text DEFAULT '{}' NOT NULL,
	`source_dag_id` text,
	`source_run_id` text,
	`source_task_id` text,
	`source_map_index` integer,
	`at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `asset_event_asset` ON `asset_event` (`asset_id`,`at`);--> statement-breakpoint
CREATE TABLE `backfill` (
	`backfill_id` integer PRIMARY KEY NOT NULL,
	`dag_id` text NOT NULL,
	`from_date` integer NOT NULL,
	`to_date` integer NOT NULL,
	`conf_json` text DEFAULT '{}' NOT NULL,
	`is_paused` integer DEFAULT false NOT NULL,
	`reprocess_behavior` text NOT NULL,
	`run_backwards` integer DEFAULT false NOT NULL,
	`max_active_runs` integer NOT NULL,
	`triggering_user` text,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	`completed_at` integer
);
--> statement-breakpoint
CREATE INDEX `backfill_dag` ON `backfill` (`dag_id`);--> statement-breakpoint
CREATE TABLE `connection` (
	`connection_id` text PRIMARY KEY NOT NULL,
	`conn_type` text NOT NULL,
	`description` text,
	`host` text,
	`login` text,
	`schema` text,
	`port` integer,
	`password` text,
	`extra` text,
	`updated_at` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `dag` (
	`dag_id` text PRIMARY KEY NOT NULL,
	`display_name` text,
	`description` text,
	`is_paused` integer DEFAULT false NOT NULL,
	`is_stale` integer DEFAULT false NOT NULL,
	`has_import_errors` integer DEFAULT false NOT NULL,
	`relative_fileloc` text NOT NULL,
	`owners` text NOT NULL,
	`timetable_summary` text,
	`timetable_kind` text NOT NULL,
	`max_active_tasks` integer NOT NULL,
	`max_active_runs` integer NOT NULL,
	`max_consecutive_failed_dag_runs` integer NOT NULL,
	`has_task_concurrency_limits` integer DEFAULT false NOT NULL,
	`warnings_json` text DEFAULT '[]' NOT NULL,
	`spec_hash` text NOT NULL,
	`spec_json` text,
	`version_number` integer NOT NULL,
	`last_parsed_at` integer NOT NULL,
	`next_dagrun_logical_date` integer,
	`next_dagrun_interval_start` integer,
	`next_dagrun_interval_end` integer,
	`next_dagrun_create_after` integer,
	`due_at` integer,
	`check_at` integer,
	`seq` integer DEFAULT 0 NOT NULL
);
--> statement-breakpoint
CREATE INDEX `dag_due_at` ON `dag` (`due_at`) WHERE due_at IS NOT NULL;--> statement-breakpoint
CREATE INDEX `dag_check_at` ON `dag` (`check_at`) WHERE check_at IS NOT NULL;--> statement-breakpoint
CREATE TABLE `dag_run` (
	`dag_id` text NOT NULL,
	`run_id` text NOT NULL,
	`incarnation` text NOT NULL,
	`seq` integer NOT NULL,
	`run_type` text NOT NULL,
	`triggered_by` text NOT NULL,
	`triggering_user` text,
	`state` text NOT NULL,
	`end_reason` text,
	`logical_date` integer,
	`data_interval_start` integer,
	`data_interval_end` integer,
	`run_after` integer NOT NULL,
	`queued_at` integer NOT NULL,
	`started_at` integer,
	`ended_at` integer,
	`conf_json` text NOT NULL,
	`note` text,
	`backfill_id` text,
	`generation` integer NOT NULL,
	`spec_hash` text NOT NULL,
	`version_number` integer,
	`updated_at` integer NOT NULL,
	PRIMARY KEY(`dag_id`, `run_id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `dag_run_dag_run_after` ON `dag_run` (`dag_id`,`run_after`);--> statement-breakpoint
CREATE INDEX `dag_run_run_after` ON `dag_run` (`run_after`);--> statement-breakpoint
CREATE TABLE `dag_tag` (
	`dag_id` text NOT NULL,
	`name` text NOT NULL,
	PRIMARY KEY(`dag_id`, `name`)
);
--> statement-breakpoint
CREATE INDEX `dag_tag_name` ON `dag_tag` (`name`);--> statement-breakpoint
CREATE TABLE `dag_version` (
	`dag_id` text NOT NULL,
	`version_number` integer NOT NULL,
	`spec_hash` text NOT NULL,
	`bundle_version` text,
	`created_at` integer NOT NULL,
	PRIMARY KEY(`dag_id`, `version_number`)
);
--> statement-breakpoint
CREATE TABLE `deployment` (
	`id` integer PRIMARY KEY NOT NULL,
	`bundle_hash` text NOT NULL,
	`synced_at` integer NOT NULL,
	`ticked_at` integer
);
--> statement-breakpoint
CREATE TABLE `event_log` (
	`event_log_id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`at` integer NOT NULL,
	`event` text NOT NULL,
	`owner` text,
	`dag_id` text,
	`run_id` text,
	`task_id` text,
	`map_index` integer,
	`try_number` integer,
	`logical_date` integer,
	`extra` text
);
--> statement-breakpoint
CREATE INDEX `event_log_at` ON `event_log` (`at`);--> statement-breakpoint
CREATE TABLE `import_error` (
	`import_error_id` integer PRIMARY KEY NOT NULL,
	`filename` text NOT NULL,
	`message` text NOT NULL,
	`at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `import_error_filename` ON `import_error` (`filename`);--> statement-breakpoint
CREATE TABLE `pool` (
	`name` text PRIMARY KEY NOT NULL,
	`slots` integer NOT NULL,
	`description` text,
	`include_deferred` integer DEFAULT false NOT NULL,
	`updated_at` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `role_grant` (
	`user_id` text NOT NULL,
	`dag_id` text NOT NULL,
	`role` text NOT NULL,
	PRIMARY KEY(`user_id`, `dag_id`)
);
--> statement-breakpoint
CREATE TABLE `schedule` (
	`schedule_id` text PRIMARY KEY NOT NULL,
	`dag_id` text NOT NULL,
	`schedule_json` text NOT NULL,
	`conf_json` text DEFAULT '{}' NOT NULL,
	`is_active` integer DEFAULT true NOT NULL,
	`created_by` text,
	`created_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `schedule_dag` ON `schedule` (`dag_id`);--> statement-breakpoint
CREATE TABLE `task_instance` (
	`dag_id` text NOT NULL,
	`run_id` text NOT NULL,
	`task_id` text NOT NULL,
	`map_index` integer NOT NULL,
	`incarnation` text NOT NULL,
	`ord` integer NOT NULL,
	`seq` integer NOT NULL,
	`state` text,
	`try_number` integer NOT NULL,
	`max_tries` integer NOT NULL,
	`logical_date` integer,
	`run_after` integer NOT NULL,
	`scheduled_at` integer,
	`queued_at` integer,
	`started_at` integer,
	`ended_at` integer,
	`operator_name` text,
	`pool` text,
	`pool_slots` integer,
	`queue` text,
	`priority_weight` integer,
	`note` text,
	`rendered_map_index` text,
	`version_number` integer,
	PRIMARY KEY(`dag_id`, `run_id`, `task_id`, `map_index`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `task_instance_run_after` ON `task_instance` (`run_after`);--> statement-breakpoint
CREATE TABLE `task_instance_try` (
	`dag_id` text NOT NULL,
	`run_id` text NOT NULL,
	`task_id` text NOT NULL,
	`map_index` integer NOT NULL,
	`try_number` integer NOT NULL,
	`incarnation` text NOT NULL,
	`state` text NOT NULL,
	`queued_at` integer,
	`started_at` integer,
	`ended_at` integer,
	`error` text,
	PRIMARY KEY(`dag_id`, `run_id`, `task_id`, `map_index`, `try_number`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `user` (
	`user_id` text PRIMARY KEY NOT NULL,
	`username` text NOT NULL,
	`password_hash` text,
	`role` text NOT NULL,
	`is_active` integer DEFAULT true NOT NULL,
	`created_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `user_username` ON `user` (`username`);--> statement-breakpoint
CREATE TABLE `variable` (
	`key` text PRIMARY KEY NOT NULL,
	`value` text NOT NULL,
	`description` text,
	`updated_at` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `webhook` (
	`dag_id` text PRIMARY KEY NOT NULL,
	`style` text NOT NULL,
	`secrets_sealed` text NOT NULL,
	`is_enabled` integer DEFAULT true NOT NULL,
	`created_at` integer NOT NULL
);
