/**
 * @module The memory of rarely written tables answers as the rows do, whatever is written, rolled back or empty.
 */
import { expect, test } from "vitest";
import { withRememberedRows } from "../../../../src/cloudflare/dag/remembered-rows.ts";
import { openStorage } from "../../../../src/cloudflare/dag/storage.ts";
import type { Sql } from "../../../../src/cloudflare/dag-run/sql.ts";
import { nodeSql } from "../../../support/node-sql.ts";

function counted(sql: Sql): { readonly sql: Sql; readonly made: string[] } {
  const made: string[] = [];
  const exec: Sql["exec"] = (statement, ...bindings) => {
    made.push(statement);
    return sql.exec(statement, ...bindings);
  };
  return { sql: { ...sql, rowsWritten: 0, exec }, made };
}

const READS: readonly [string, ...(string | number)[]][] = [
  ["SELECT v FROM duration WHERE block = ?", 0],
  ["SELECT v FROM duration WHERE block = ?", 1],
  ["SELECT v FROM duration ORDER BY block"],
  ["SELECT count(*) AS n FROM duration"],
  ["SELECT min(block) AS at, EXISTS (SELECT 1 FROM watch) AS watched FROM duration"],
  ["SELECT * FROM watch WHERE awaited = ?", "a"],
];
const WRITES: readonly [string, ...(string | number)[]][] = [
  ["INSERT INTO duration (block, v) VALUES (?, ?) ON CONFLICT (block) DO UPDATE SET v = excluded.v || 'x'", 0, "zero"],
  ["INSERT INTO duration (block, v) VALUES (?, ?) ON CONFLICT (block) DO UPDATE SET v = excluded.v || 'x'", 1, "one"],
  ["DELETE FROM duration WHERE block = ?", 0],
  ["DELETE FROM duration"],
  [
    "INSERT OR REPLACE INTO watch (run_id, watch_id, awaited, task_id, downstream, ignore_first) VALUES (?, '1', 'a', 't', '[]', 0)",
    "r",
  ],
  ["UPDATE watch SET awaited = ?", "b"],
  ["DELETE FROM watch WHERE run_id = ?", "r"],
];

test("answers are those of the rows after any writes and rollbacks", () => {
  const plain = nodeSql();
  openStorage(plain);
  const sql = withRememberedRows(plain);
  let seed = 7;
  const next = (below: number): number => (seed = (seed * 48_271) % 2_147_483_647) % below;
  const write = (): void => void sql.exec(...(WRITES[next(WRITES.length)] ?? ["SELECT 1"]));
  const compare = (): void => {
    for (const read of READS) expect(sql.exec(...read), read.join(" ")).toEqual(plain.exec(...read));
  };
  for (let round = 0; round < 500; round++) {
    if (next(3) > 0) write();
    else {
      const rolledBack = (): void =>
        sql.transactionSync<void>(() => {
          write();
          compare();
          throw new Error("rolled back");
        });
      expect(rolledBack).toThrow("rolled back");
    }
    compare();
  }
});

test("a question asked again, and one about a table without rows, makes no statement", () => {
  const plain = nodeSql();
  openStorage(plain);
  const { sql: inner, made } = counted(plain);
  const sql = withRememberedRows(inner);
  sql.exec("SELECT * FROM watch WHERE awaited = ?", "a");
  sql.exec("SELECT v FROM meta WHERE k = ?", 0);
  made.length = 0;
  sql.exec("SELECT * FROM watch WHERE awaited = ?", "b");
  sql.exec("DELETE FROM watch WHERE run_id = ?", "r");
  sql.exec("SELECT v FROM meta WHERE k = ?", 0);
  expect(made).toEqual([]);
  sql.exec("UPDATE meta SET v = ? WHERE k = ?", "9", 0);
  expect(sql.exec("SELECT v FROM meta WHERE k = ?", 0)).toEqual([{ v: "9" }]);
});
