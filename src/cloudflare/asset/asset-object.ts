/**
 * @module The Durable Object of one asset: the platform's entry points, each handed on to the host. It is addressed by its URI.
 */
import { DurableObject } from "cloudflare:workers";
import type {
  AssetApi,
  AssetDeliveries,
  AssetEvent,
  AssetReceipt,
  AssetSubscription,
  NewAssetEvent,
} from "../../model/asset.ts";
import type { DagId } from "../../model/ids.ts";
import { sendDagPages } from "../dag-pages.ts";
import { objectSql } from "../dag-run/sql.ts";
import { defaultRetentionMs } from "../env.ts";
import type { Env } from "../env.ts";
import { AssetHost } from "./asset-host.ts";
import { writeAssetEvents } from "./asset-history.ts";

export class AssetObject extends DurableObject<Env> implements AssetApi {
  readonly #host: AssetHost;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    const retentionMs = defaultRetentionMs(env);
    this.#host = new AssetHost({
      sql: objectSql(ctx.storage),
      clock: () => Date.now(),
      // Not awaited: the output gate holds every answer until the alarm is stored with the rows of the same turn.
      setAlarm: (at) => ctx.waitUntil(ctx.storage.setAlarm(at)),
      waitUntil: (work) => ctx.waitUntil(work),
      send: (uri, dagIds) => sendDagPages(env, dagIds, `asset:${uri}:${Date.now()}`, { kind: "asset-event", uri }),
      mirror: (uri, events) =>
        writeAssetEvents(env.DB, uri, events, retentionMs === null ? null : Date.now() - retentionMs),
      onError: (what, error) => console.error(`asset ${ctx.id.name ?? ""}, ${what}: will be repeated.`, error),
    });
  }

  async record(uri: string, events: readonly NewAssetEvent[]): Promise<void> {
    this.#host.record(uri, events);
  }

  async subscribe(uri: string, subscription: AssetSubscription): Promise<void> {
    this.#host.subscribe(uri, subscription);
  }

  async deliveries(dagIds: readonly DagId[]): Promise<AssetDeliveries> {
    return this.#host.deliveries(dagIds);
  }

  async received(receipts: readonly AssetReceipt[]): Promise<void> {
    this.#host.received(receipts);
  }

  async latest(limit: number): Promise<readonly AssetEvent[]> {
    return this.#host.latest(limit);
  }

  async mirrored(): Promise<void> {
    await this.#host.mirrored();
  }

  override async alarm(): Promise<void> {
    this.#host.alarm();
  }
}
