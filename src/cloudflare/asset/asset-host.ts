/**
 * @module One asset's object on narrow ports. Every call is one turn and one transaction; behind it the DAGs that want events are sent messages, in
 * pages, and again until they have confirmed what they got, and the history gets the events it lacks.
 */
import type { AssetDeliveries, AssetEvent, AssetReceipt, AssetSubscription, NewAssetEvent } from "../../model/asset.ts";
import type { DagId } from "../../model/ids.ts";
import { Alarm } from "../dag-run/alarm.ts";
import type { Sql } from "../dag-run/sql.ts";
import {
  type AssetMeta,
  cursorsOf,
  dueConsumers,
  eventsAfter,
  hasTables,
  insertEvent,
  latestEvents,
  nextSendAt,
  openTables,
  oweAll,
  pruneEvents,
  putReceipt,
  putSubscription,
  readMeta,
  setSendAt,
  writeMeta,
} from "./asset-rows.ts";

/** DAGs that are sent messages in one go; the rest follows at once. */
const DAGS_PER_TURN = 2_500;
/** A message without a receipt is sent again after this. */
const SEND_AGAIN_MS = 30_000;
/** After a failure of the queue or of D1. */
const RETRY_MS = 5_000;
/** Events per delivery, per read and per write to the history. */
const PAGE = 100;
/** Events are kept at least this long, however many there are: a repeat of one comes sooner. */
const KEPT_MS = 86_400_000;

export interface AssetPorts {
  readonly sql: Sql;
  readonly clock: () => number;
  readonly setAlarm: (at: number) => void;
  readonly waitUntil: (work: Promise<unknown>) => void;
  /** Sends these DAGs out in messages; throws when the queue refuses. */
  readonly send: (uri: string, dagIds: readonly DagId[]) => Promise<void>;
  /** Writes events to the history; repeats are harmless. Throws while D1 does not answer. */
  readonly mirror: (uri: string, events: readonly AssetEvent[]) => Promise<void>;
  readonly onError: (what: string, error: unknown) => void;
}

export class AssetHost {
  readonly #ports: AssetPorts;
  readonly #alarm: Alarm;
  #sending = false;
  #mirroring: Promise<void> | null = null;

  constructor(ports: AssetPorts) {
    this.#ports = ports;
    this.#alarm = new Alarm(ports.setAlarm, ports.clock);
  }

  record(uri: string, events: readonly NewAssetEvent[]): void {
    const { sql } = this.#ports;
    this.#turn(uri, (meta, now) => {
      let { lastN } = meta;
      for (const event of events) if (insertEvent(sql, lastN + 1, event)) lastN += 1;
      if (lastN === meta.lastN) return;
      writeMeta(sql, { ...meta, lastN });
      oweAll(sql, now);
      pruneEvents(sql, { ...meta, lastN }, now - KEPT_MS);
    });
  }

  subscribe(uri: string, subscription: AssetSubscription): void {
    this.#turn(uri, ({ lastN }) => putSubscription(this.#ports.sql, subscription, lastN));
  }

  deliveries(dagIds: readonly DagId[]): AssetDeliveries {
    const { sql } = this.#ports;
    const meta = this.#meta();
    if (meta === null) return { events: [], cursors: {} };
    const cursors = cursorsOf(sql, dagIds);
    const slowest = Math.min(...Object.values(cursors));
    return { cursors, events: Number.isFinite(slowest) ? eventsAfter(sql, meta.uri, slowest, PAGE) : [] };
  }

  received(receipts: readonly AssetReceipt[]): void {
    const known = this.#meta();
    if (known === null) return;
    this.#turn(known.uri, ({ lastN }, now) => {
      for (const receipt of receipts) putReceipt(this.#ports.sql, receipt, lastN, now);
    });
  }

  latest(limit: number): readonly AssetEvent[] {
    const meta = this.#meta();
    return meta === null ? [] : latestEvents(this.#ports.sql, meta.uri, Math.min(limit, PAGE));
  }

  /** Settles when the history has, or has refused, every event stored so far. */
  async mirrored(): Promise<void> {
    await this.#mirroring;
    await this.#startMirror();
  }

  alarm(): void {
    this.#alarm.fired();
    this.#settle();
  }

  /** Null before the first event and the first DAG that wants some: reading must not create storage. */
  #meta(): AssetMeta | null {
    const { sql } = this.#ports;
    return hasTables(sql) ? readMeta(sql) : null;
  }

  #turn(uri: string, work: (meta: AssetMeta, now: number) => void): void {
    const { sql, clock } = this.#ports;
    sql.transactionSync<void>(() => {
      openTables(sql);
      const meta = readMeta(sql) ?? { uri, lastN: 0, mirroredN: 0 };
      if (meta.lastN === 0) writeMeta(sql, meta);
      work(meta, clock());
    });
    this.#settle();
  }

  /** In the turn of the change: the alarm first, so that nothing is owed without one; then the work behind the answer. */
  #settle(): void {
    const { sql, clock, waitUntil } = this.#ports;
    const meta = this.#meta();
    if (meta === null) return;
    const now = clock();
    const sendAt = nextSendAt(sql);
    if (sendAt !== null) this.#alarm.arm(sendAt <= now ? now + RETRY_MS : sendAt);
    if (sendAt !== null && sendAt <= now && !this.#sending) waitUntil(this.#send(meta.uri));
    if (meta.mirroredN >= meta.lastN) return;
    this.#alarm.arm(now + RETRY_MS);
    waitUntil(this.#startMirror());
  }

  async #send(uri: string): Promise<void> {
    const { sql, clock, send, onError } = this.#ports;
    this.#sending = true;
    let due: readonly DagId[] = [];
    try {
      while ((due = dueConsumers(sql, clock(), DAGS_PER_TURN)).length > 0) {
        // Before the messages leave: a receipt may be faster than the queue's answer, and what it says counts.
        setSendAt(sql, due, clock() + SEND_AGAIN_MS);
        // oxlint-disable-next-line no-await-in-loop
        await send(uri, due);
      }
    } catch (error) {
      setSendAt(sql, due, clock() + RETRY_MS);
      onError("fan-out", error);
    } finally {
      this.#sending = false;
      this.#alarm.arm(nextSendAt(sql));
    }
  }

  /** One at a time: what is stored meanwhile goes along. */
  #startMirror(): Promise<void> {
    this.#mirroring ??= this.#mirror().finally(() => {
      this.#mirroring = null;
    });
    return this.#mirroring;
  }

  async #mirror(): Promise<void> {
    const { sql, mirror, onError } = this.#ports;
    try {
      for (;;) {
        const meta = this.#meta();
        if (meta === null || meta.mirroredN >= meta.lastN) return;
        const events = eventsAfter(sql, meta.uri, meta.mirroredN, PAGE);
        // Page by page.
        // oxlint-disable-next-line no-await-in-loop
        await mirror(meta.uri, events);
        const now = this.#meta() ?? meta;
        writeMeta(sql, { ...now, mirroredN: Math.max(events.at(-1)?.n ?? meta.lastN, now.mirroredN) });
      }
    } catch (error) {
      onError("history", error);
    }
  }
}
