/**
 * @module One asset's object in Node: messages lost, refused and doubled, receipts late, the history away. No event is lost to a DAG that wants it.
 */
import { expect, test } from "vitest";
import { AssetHost } from "../../../src/cloudflare/asset/asset-host.ts";
import type { AssetEvent, NewAssetEvent } from "../../../src/model/asset.ts";
import { nodeSql } from "../../support/node-sql.ts";

const URI = "x://a";
const event = (id: string): NewAssetEvent => ({ id, at: 1, extra: {}, source: null });

class World {
  now = 1_000_000;
  readonly sql = nodeSql();
  readonly sent: (readonly string[])[] = [];
  readonly history: AssetEvent[] = [];
  alarmAt: number | null = null;
  queueDown = false;
  historyDown = false;
  #work: Promise<unknown>[] = [];
  host = this.restart();

  restart(): AssetHost {
    this.host = new AssetHost({
      sql: this.sql,
      clock: () => this.now,
      setAlarm: (at) => void (this.alarmAt = at),
      waitUntil: (work) => void this.#work.push(work),
      send: async (_, dagIds) => {
        if (this.queueDown) throw new Error("down");
        this.sent.push(dagIds);
      },
      mirror: async (_, events) => {
        if (this.historyDown) throw new Error("down");
        this.history.push(...events);
      },
      onError: () => undefined,
    });
    return this.host;
  }

  async quiet(): Promise<void> {
    while (this.#work.length > 0) await Promise.all(this.#work.splice(0));
  }

  async alarm(): Promise<void> {
    this.now = Math.max(this.now, this.alarmAt ?? this.now);
    this.host.alarm();
    await this.quiet();
  }
}

async function subscribed(...dagIds: string[]): Promise<World> {
  const w = new World();
  for (const dagId of dagIds) w.host.subscribe(URI, { dagId, seq: 1, wanted: true });
  w.host.record(URI, [event("one")]);
  await w.quiet();
  return w;
}

test("a lost message is sent again until the DAG has confirmed, then no more", async () => {
  const w = await subscribed("d", "e");
  expect(w.sent).toEqual([["d", "e"]]);
  w.host.received([{ dagId: "d", upTo: 1, unwantedAt: null }]);
  w.restart();
  await w.alarm();
  await w.alarm();
  expect(w.sent).toEqual([["d", "e"], ["e"]]);
  expect(w.host.deliveries(["d", "e"])).toMatchObject({ cursors: { d: 1, e: 0 }, events: [{ id: "one" }] });
  w.host.received([{ dagId: "e", upTo: 1, unwantedAt: null }]);
  await w.alarm();
  expect(w.sent).toHaveLength(2);
});

test("an event that comes while a message is under way is delivered, though the receipt is of before", async () => {
  const w = await subscribed("d");
  w.host.record(URI, [event("two"), event("one")]);
  await w.quiet();
  w.host.received([{ dagId: "d", upTo: 1, unwantedAt: null }]);
  await w.quiet();
  expect(w.sent).toEqual([["d"], ["d"]]);
  expect(w.host.deliveries(["d"]).events.map(({ id }) => id)).toEqual(["two"]);
  // A late receipt takes nothing back.
  w.host.received([{ dagId: "d", upTo: 2, unwantedAt: null }]);
  w.host.received([{ dagId: "d", upTo: 1, unwantedAt: null }]);
  expect(w.host.deliveries(["d"]).cursors).toEqual({ d: 2 });
});

test("while queue and history are away nothing is lost", async () => {
  const w = new World();
  w.queueDown = w.historyDown = true;
  w.host.subscribe(URI, { dagId: "d", seq: 1, wanted: true });
  w.host.record(URI, [event("one")]);
  await w.quiet();
  w.queueDown = w.historyDown = false;
  w.restart();
  await w.alarm();
  await w.alarm();
  expect(w.sent).toEqual([["d"]]);
  expect(w.history.map(({ id }) => id)).toEqual(["one"]);
});

test("the newest word of a DAG counts, and one that comes again gets what is from then on", async () => {
  const w = await subscribed("d");
  w.host.subscribe(URI, { dagId: "d", seq: 3, wanted: false });
  w.host.subscribe(URI, { dagId: "d", seq: 2, wanted: true });
  expect(w.host.deliveries(["d"]).cursors).toEqual({});
  w.host.record(URI, [event("two")]);
  w.host.subscribe(URI, { dagId: "d", seq: 4, wanted: true });
  w.host.received([{ dagId: "d", upTo: 2, unwantedAt: 3 }]);
  w.host.record(URI, [event("three")]);
  await w.quiet();
  expect(w.host.deliveries(["d"]).events.map(({ id }) => id)).toEqual(["three"]);
});
