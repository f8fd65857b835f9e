/**
 * @module Signs of life: the clock's last tick and the last deploy that was brought in.
 */
import { withHistory } from "../history-error.ts";

export interface Heartbeats {
  /** Epoch ms; null before the first. */
  readonly tickedAt: number | null;
  readonly syncedAt: number | null;
}

/** Also the cheapest read there is: throws `not_migrated` or `history_unavailable` when D1 cannot be used. */
export function readHeartbeats(db: D1Database): Promise<Heartbeats> {
  return withHistory(async () => {
    const row = await db
      .prepare("SELECT ticked_at, synced_at FROM deployment WHERE id = 1")
      .first<{ ticked_at: number | null; synced_at: number }>();
    return { tickedAt: row?.ticked_at ?? null, syncedAt: row === null || row.synced_at === 0 ? null : row.synced_at };
  });
}

/** Notes a tick; an older one than the last changes nothing. */
export async function noteTick(db: D1Database, at: number): Promise<void> {
  const sql = `INSERT INTO deployment (id, bundle_hash, synced_at, ticked_at) VALUES (1, '', 0, ?)
    ON CONFLICT (id) DO UPDATE SET ticked_at = excluded.ticked_at WHERE coalesce(ticked_at, 0) < excluded.ticked_at`;
  await withHistory(() => db.prepare(sql).bind(at).run());
}
