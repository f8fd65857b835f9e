ALTER TABLE `backfill` ADD `seq` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `schedule` ADD `schedule_key` text;--> statement-breakpoint
ALTER TABLE `schedule` ADD `next_run_at` integer;--> statement-breakpoint
ALTER TABLE `schedule` ADD `is_deleted` integer DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE `schedule` ADD `seq` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
CREATE INDEX `schedule_key` ON `schedule` (`schedule_key`,`schedule_id`);