/**
 * @module The run's SQL interface over `node:sqlite`, in memory: the same statements as in the object, without workerd.
 */
import type { Sql, SqlRow } from "../../src/cloudflare/dag-run/sql.ts";
import { DatabaseSync } from "node:sqlite";

export function nodeSql(): Sql {
  const database = new DatabaseSync(":memory:");
  const statements = new Map<string, ReturnType<DatabaseSync["prepare"]>>();
  const prepared = (text: string): ReturnType<DatabaseSync["prepare"]> => {
    const statement = statements.get(text) ?? database.prepare(text);
    statements.set(text, statement);
    return statement;
  };
  return {
    exec: (statement, ...bindings) => prepared(statement).all(...bindings) as SqlRow[],
    transactionSync(work) {
      database.exec("BEGIN");
      try {
        const answer = work();
        database.exec("COMMIT");
        return answer;
      } catch (error) {
        database.exec("ROLLBACK");
        throw error;
      }
    },
    get rowsWritten() {
      return Number(database.prepare("SELECT total_changes() AS n").get()?.["n"] ?? 0);
    },
  };
}
