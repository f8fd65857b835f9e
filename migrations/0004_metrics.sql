CREATE TABLE `metric_series` (
	`kind` text NOT NULL,
	`name` text NOT NULL,
	`tags_json` text NOT NULL,
	`value` real NOT NULL,
	`count` integer NOT NULL,
	`mark` integer DEFAULT false NOT NULL,
	`since` integer NOT NULL,
	PRIMARY KEY(`kind`, `name`, `tags_json`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `run_total` (
	`dag_id` text NOT NULL,
	`run_type` text NOT NULL,
	`state` text NOT NULL,
	`ended` integer NOT NULL,
	`running_s` real NOT NULL,
	`delayed` integer NOT NULL,
	`delay_s` real NOT NULL,
	`since` integer NOT NULL,
	PRIMARY KEY(`dag_id`, `run_type`, `state`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `task_total` (
	`dag_id` text NOT NULL,
	`task_id` text NOT NULL,
	`state` text NOT NULL,
	`operator_name` text NOT NULL,
	`ended` integer NOT NULL,
	`timed` integer NOT NULL,
	`running_s` real NOT NULL,
	`queued_s` real NOT NULL,
	`waited` integer NOT NULL,
	`scheduled_s` real NOT NULL,
	`since` integer NOT NULL,
	PRIMARY KEY(`dag_id`, `task_id`, `state`)
) WITHOUT ROWID;
