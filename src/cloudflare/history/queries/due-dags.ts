/**
 * @module The clock's questions: whose schedule is due, whose runs must be looked after. Both answered by a partial index, never by all DAGs.
 */
import type { DagId } from "../../../model/ids.ts";
import { withHistory } from "../history-error.ts";

/** DAGs whose next run is due at or before `at`, those that wait longest first. */
export function dueDags(db: D1Database, at: number, limit: number): Promise<readonly DagId[]> {
  return dagIds(
    db,
    "SELECT dag_id FROM dag WHERE due_at IS NOT NULL AND due_at <= ? ORDER BY due_at LIMIT ?",
    at,
    limit,
  );
}

/** DAGs with open runs that nobody has looked after in time. */
export function overdueDags(db: D1Database, at: number, limit: number): Promise<readonly DagId[]> {
  return dagIds(
    db,
    "SELECT dag_id FROM dag WHERE check_at IS NOT NULL AND check_at <= ? ORDER BY check_at LIMIT ?",
    at,
    limit,
  );
}

function dagIds(db: D1Database, sql: string, at: number, limit: number): Promise<readonly DagId[]> {
  return withHistory(async () => {
    const found = await db.prepare(sql).bind(at, limit).all<{ dag_id: string }>();
    return found.results.map((row) => row.dag_id);
  });
}
