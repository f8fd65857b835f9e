/**
 * @module Brings the events of an asset to a page of DAGs. The asset's object says what each of them lacks and hears what it took; without that word it
 * sends the page again.
 */
import type { AssetReceipt } from "../../model/asset.ts";
import type { DagId } from "../../model/ids.ts";
import { forEachDag } from "../dag-pages.ts";
import type { Env } from "../env.ts";

/** Throws when a DAG's object did not answer, after the others have been told. */
export async function consumeAssetEvent(env: Env, uri: string, dagIds: readonly DagId[]): Promise<void> {
  const asset = env.ASSET.getByName(uri);
  const { events, cursors } = await asset.deliveries(dagIds);
  const last = events.at(-1);
  if (last === undefined) return;
  const receipts: AssetReceipt[] = [];
  const failures: unknown[] = [];
  await forEachDag(Object.entries(cursors), async ([dagId, cursor]) => {
    try {
      const lacking = events.filter(({ n }) => n > cursor);
      const unwantedAt = lacking.length === 0 ? null : await env.DAG.getByName(dagId).takeAssetEvents(uri, lacking);
      receipts.push({ dagId, upTo: last.n, unwantedAt });
    } catch (error) {
      failures.push(error);
    }
  });
  await asset.received(receipts);
  if (failures.length > 0) throw failures[0];
}
