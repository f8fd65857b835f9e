CREATE TABLE `task_instance_block` (
	`dag_id` text NOT NULL,
	`run_id` text NOT NULL,
	`block` integer NOT NULL,
	`incarnation` text NOT NULL,
	`seq` integer NOT NULL,
	`instances` integer NOT NULL,
	`states` text NOT NULL,
	`v_json` text NOT NULL,
	PRIMARY KEY(`dag_id`, `run_id`, `block`)
) WITHOUT ROWID;
--> statement-breakpoint
INSERT INTO `task_instance_block` (`dag_id`, `run_id`, `block`, `incarnation`, `seq`, `instances`, `states`, `v_json`)
SELECT dag_id, run_id, ord / 64, incarnation, max(seq), count(*), ',' || group_concat(DISTINCT coalesce(state, 'none')) || ',',
	json_group_array(json_array(task_id, map_index, ord, seq, state, try_number, max_tries, scheduled_at, queued_at, started_at, ended_at,
		operator_name, pool, pool_slots, queue, priority_weight, note, rendered_map_index) ORDER BY ord)
FROM `task_instance` GROUP BY dag_id, run_id, ord / 64, incarnation;
--> statement-breakpoint
DROP TABLE `task_instance`;
--> statement-breakpoint
CREATE VIEW `task_instance` AS
SELECT r.dag_id, r.run_id, t.value ->> 0 AS task_id, t.value ->> 1 AS map_index, r.incarnation, t.value ->> 2 AS ord, t.value ->> 3 AS seq,
	t.value ->> 4 AS state, t.value ->> 5 AS try_number, t.value ->> 6 AS max_tries, r.logical_date, r.run_after, t.value ->> 7 AS scheduled_at,
	t.value ->> 8 AS queued_at, t.value ->> 9 AS started_at, t.value ->> 10 AS ended_at, t.value ->> 11 AS operator_name, t.value ->> 12 AS pool,
	t.value ->> 13 AS pool_slots, t.value ->> 14 AS queue, t.value ->> 15 AS priority_weight, t.value ->> 16 AS note,
	t.value ->> 17 AS rendered_map_index, r.version_number
FROM dag_run r
	CROSS JOIN task_instance_block b ON b.dag_id = r.dag_id AND b.run_id = r.run_id AND b.incarnation = r.incarnation
	CROSS JOIN json_each(b.v_json) t;
