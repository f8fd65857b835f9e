/**
 * @module Applies the D1 migrations to the local database, in wrangler's own table, so that `wrangler d1 migrations` agrees.
 */
import fs from "node:fs/promises";
import path from "node:path";
import { unstable_splitSqlQuery as splitSql } from "wrangler";

const LIST = "d1_migrations";

/** Each file is one transaction with its note in the list: a start that was killed half-way repeats it. */
export async function applyMigrations(database, folder) {
  const files = (await fs.readdir(folder)).filter((file) => file.endsWith(".sql")).sort();
  await database
    .prepare(
      `create table if not exists ${LIST} (id integer primary key autoincrement, name text unique, applied_at timestamp default current_timestamp not null)`,
    )
    .run();
  const { results } = await database.prepare(`select name from ${LIST}`).all();
  const applied = new Set(results.map(({ name }) => name));
  for (const file of files.filter((name) => !applied.has(name))) {
    const statements = splitSql(await fs.readFile(path.join(folder, file), "utf8"));
    const note = database.prepare(`insert into ${LIST} (name) values (?)`).bind(file);
    await database.batch([...statements.map((statement) => database.prepare(statement)), note]);
  }
}
