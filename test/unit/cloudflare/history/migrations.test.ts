/**
 * @module The D1 migrations over rows of the versions before.
 */
import fs from "node:fs";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";

const FOLDER = path.join(import.meta.dirname, "../../../../migrations");

function migrate(database: DatabaseSync, file: string): void {
  for (const statement of fs.readFileSync(path.join(FOLDER, file), "utf8").split("--> statement-breakpoint"))
    database.exec(statement);
}

test("0002 packs the task instances of all runs, and its view shows them as they were", () => {
  const database = new DatabaseSync(":memory:");
  migrate(database, "0000_history.sql");
  migrate(database, "0001_backfills_and_schedules.sql");
  const run = database.prepare(
    `INSERT INTO dag_run (dag_id, run_id, incarnation, seq, run_type, triggered_by, state, run_after, queued_at, conf_json, generation, spec_hash,
      version_number, updated_at) VALUES ('d', ?, 'i1', 9, 'manual', 'rest_api', 'success', 5, 5, '{}', 0, 'h', 2, 5)`,
  );
  const instance = database.prepare(
    `INSERT INTO task_instance (dag_id, run_id, task_id, map_index, incarnation, ord, seq, state, try_number, max_tries, run_after, started_at, pool,
      note, version_number) VALUES ('d', ?, ?, ?, 'i1', ?, 7, ?, 1, 2, 5, 6, 'default_pool', 'a "note"', 2)`,
  );
  for (const runId of ["one", "two"]) {
    run.run(runId);
    for (let ord = 0; ord < 150; ord++) instance.run(runId, `t${ord % 10}`, ord, ord, ord === 149 ? null : "success");
  }
  const all = "SELECT * FROM task_instance ORDER BY run_id, ord";
  const before = database.prepare(all).all();
  migrate(database, "0002_task_instance_blocks.sql");
  const after = database.prepare(all).all();
  const columns = Object.keys(before[0] ?? {});
  expect(after.map((row) => columns.map((column) => row[column]))).toEqual(
    before.map((row) => columns.map((column) => row[column])),
  );
  expect(database.prepare("SELECT count(*) AS n, sum(instances) AS instances FROM task_instance_block").get()).toEqual({
    n: 6,
    instances: 300,
  });
  expect(database.prepare("SELECT states FROM task_instance_block WHERE block = 2 LIMIT 1").get()).toEqual({
    states: ",success,none,",
  });
});
