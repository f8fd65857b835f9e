/**
 * @module Reads the history of a local start from its state folder, once nothing runs any more.
 */
import fs from "node:fs/promises";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";

/** Rows of one query on the history, in the state folder of a start that was stopped. */
export async function readHistory(stateFolder: string, sql: string): Promise<readonly Record<string, unknown>[]> {
  const files = await fs.readdir(stateFolder, { recursive: true });
  for (const file of files.filter((each) => /[\\/]d1[\\/].*\.sqlite$/.test(each))) {
    const database = new DatabaseSync(path.join(stateFolder, file), { readOnly: true });
    try {
      if (database.prepare("SELECT 1 FROM sqlite_master WHERE name = 'task_instance'").all().length > 0)
        return database.prepare(sql).all();
    } finally {
      database.close();
    }
  }
  throw new Error(`no history in ${stateFolder}`);
}
