/**
 * @module Events of assets in the history: written by the objects of the assets. A repeat changes nothing.
 */
import type { AssetEvent } from "../../model/asset.ts";
import { withHistory } from "../history/history-error.ts";

/** Events of the asset from before `keptFrom` go with them; null: none. An asset is known here by its URI only. Throws while D1 does not answer; nothing is written then. */
export async function writeAssetEvents(
  db: D1Database,
  uri: string,
  events: readonly AssetEvent[],
  keptFrom: number | null,
): Promise<void> {
  const first = events[0];
  if (first === undefined) return;
  const rows = events.map(({ id, at, extra, source }) => [
    id,
    JSON.stringify(extra),
    source?.dagId ?? null,
    source?.runId ?? null,
    source?.taskId ?? null,
    source?.mapIndex ?? null,
    at,
  ]);
  await withHistory(() =>
    db.batch([
      db
        .prepare(
          `INSERT INTO asset (name, uri, asset_group, is_active, created_at, updated_at) VALUES (?1, ?1, 'asset', 0, ?2, ?2)
          ON CONFLICT (uri) DO NOTHING`,
        )
        .bind(uri, first.at),
      db
        .prepare(
          `INSERT INTO asset_event (event_id, asset_id, extra_json, source_dag_id, source_run_id, source_task_id, source_map_index, at)
          SELECT value ->> 0, (SELECT asset_id FROM asset WHERE uri = ?), value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6
          FROM json_each(?) WHERE true ON CONFLICT (event_id) DO NOTHING`,
        )
        .bind(uri, JSON.stringify(rows)),
      db
        .prepare("DELETE FROM asset_event WHERE asset_id = (SELECT asset_id FROM asset WHERE uri = ?) AND at < ?")
        .bind(uri, keptFrom ?? Number.MIN_SAFE_INTEGER),
    ]),
  );
}
