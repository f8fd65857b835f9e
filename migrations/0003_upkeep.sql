CREATE TABLE `upkeep` (
	`dag_id` text PRIMARY KEY NOT NULL,
	`due_at` integer NOT NULL,
	`after_run_id` text
);
--> statement-breakpoint
CREATE INDEX `upkeep_due_at` ON `upkeep` (`due_at`);--> statement-breakpoint
INSERT INTO `upkeep` (`dag_id`, `due_at`) VALUES ('', 0);
