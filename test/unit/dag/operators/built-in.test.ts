/**
 * @module Built-in operators in DAGs that run in this process, against an HTTP server, PostgreSQL in this process, and bindings that a test makes.
 */
import { DatabaseSync } from "node:sqlite";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import {
  callWorker,
  dag,
  type Dag,
  http,
  PostgresHook,
  queueSend,
  R2Hook,
  D1Hook,
  slackWebhook,
  sqlExecuteQuery,
  task,
  workflow,
} from "airflare";
import { testContext, testDag, type TestDagOptions } from "airflare/testing";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type PgliteServer, startPglite } from "../../../support/pglite-server.ts";

interface Seen {
  readonly line: string;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

const seen: Seen[] = [];
let status = 200;
let reply = '{"id":7}';
const server = createServer((request, response) => {
  let body = "";
  request.on("data", (chunk: Buffer) => (body += chunk.toString()));
  request.on("end", () => {
    seen.push({ line: `${request.method ?? ""} ${request.url ?? ""}`, headers: request.headers, body });
    response.writeHead(status).end(reply);
  });
});
let api = "";
let database: PgliteServer;

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  api = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  database = await startPglite();
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await database.close();
});
beforeEach(() => {
  seen.length = 0;
  status = 200;
  reply = '{"id":7}';
});

const DATE = new Date("2026-01-02T00:00:00Z");

/** Runs a DAG with these tasks; `task` is the one that is looked at. */
async function ran(body: () => unknown, options: TestDagOptions = {}) {
  const one: Dag = dag("operators", { schedule: null }, () => void body());
  const connections = {
    postgres_default: database.connection,
    slack: { connType: "http", host: api, login: "u", password: "p-word", extra: { "x-team": "etl" } },
  };
  return testDag(one, { connections, logicalDate: DATE, ...options });
}

describe("http", () => {
  test("calls with the connection's login and headers; fields are rendered, the result is the text", async () => {
    const run = await ran(
      () =>
        http("one", {
          httpConnId: "slack",
          endpoint: "orders/{{ ds }}",
          data: { country: "{{ params.country }}", n: 1 },
          headers: { "x-run": "{{ run_id }}" },
        }),
      { conf: { country: "DE" } },
    );
    expect(run.tasks["one"]).toMatchObject({ state: "success", result: '{"id":7}' });
    expect(seen).toMatchObject([{ line: "POST /orders/2026-01-02", body: '{"country":"DE","n":1}' }]);
    expect(seen[0]?.headers).toMatchObject({
      authorization: `Basic ${btoa("u:p-word")}`,
      "x-team": "etl",
      "x-run": run.runId,
      "content-type": "application/json",
      "idempotency-key": `${run.runId}/one/-1`,
    });
  });

  test("GET puts its data into the query; check and filter see the answer", async () => {
    const run = await ran(() => {
      const options = {
        httpConnId: "slack",
        endpoint: "orders",
        method: "GET",
        data: { day: "{{ ds }}", "a b": "&" },
      } as const;
      http("one", {
        ...options,
        responseCheck: (response) => response.ok,
        responseFilter: async (response) => (await response.json<{ id: number }>()).id,
      });
      http("refused", { ...options, responseCheck: () => false });
    });
    expect(run.tasks["one"]?.result).toBe(7);
    expect(run.tasks["refused"]?.error?.message).toBe("The response check returned false.");
    expect(seen[0]?.line).toBe("GET /orders?day=2026-01-02&a+b=%26");
  });

  test("the result of another task is an input, also beside templates, and is no template itself", async () => {
    const upstream = task("upstream", async () => "{{ ds }}");
    await ran(() =>
      http("one", {
        httpConnId: null,
        endpoint: `${api}/x`,
        data: { day: "{{ ds }}", list: ["{{ ts }}", upstream()] },
      }),
    );
    expect(JSON.parse(seen[0]?.body ?? "")).toEqual({
      day: "2026-01-02",
      list: ["2026-01-02T00:00:00+00:00", "{{ ds }}"],
    });
  });

  test("a status of 400 and above fails the task with status and answer", async () => {
    [status, reply] = [422, "no such country"];
    const run = await ran(() => http("one", { httpConnId: "slack", endpoint: "orders" }));
    expect(run.tasks["one"]?.error?.message).toMatch(/^422: POST to 127\.0\.0\.1:\d+ failed: no such country$/);
  });

  test("a private host is refused where nothing allows it", async () => {
    const run = await ran(() => http("one", { httpConnId: "slack", endpoint: "x" }), { env: { AIRFLARE_LOCAL: "0" } });
    expect(run.tasks["one"]?.error?.code).toBe("target_refused");
    expect(seen).toEqual([]);
  });
});

describe("sqlExecuteQuery", () => {
  test("runs statements in order over the hook of the connection's type, values bound, and answers the last rows", async () => {
    const run = await ran(() =>
      sqlExecuteQuery("one", {
        connId: "postgres_default",
        sql: [
          "CREATE TABLE IF NOT EXISTS orders_{{ ds_nodash }} (day date, n int)",
          "SELECT %(day)s::text AS day, %(n)s::int + 1 AS n",
        ],
        parameters: { day: "{{ ds }}", n: 41 },
      }),
    );
    expect(run.tasks["one"]).toMatchObject({ state: "success", result: [{ day: "2026-01-02", n: 42 }] });
    expect((await database.db.query("SELECT to_regclass('orders_20260102')::text AS t")).rows).toEqual([
      { t: "orders_20260102" },
    ]);
  });

  test("another type of connection is refused by name; a hook of one's own serves any", async () => {
    const refused = await ran(() => sqlExecuteQuery("one", { connId: "slack", sql: "SELECT 1" }));
    expect(refused.tasks["one"]?.error).toMatchObject({
      code: "wrong_connection_type",
      message: expect.stringContaining("slack is of type http"),
    });
    const own = await ran(() =>
      sqlExecuteQuery("one", { connId: "postgres_default", sql: "SELECT 1 AS one", hook: PostgresHook }),
    );
    expect(own.tasks["one"]?.result).toEqual([{ one: 1 }]);
  });
});

describe("slackWebhook", () => {
  test("sends the text to the connection's host, whose password is the end of the URL", async () => {
    await ran(() =>
      slackWebhook("one", { slackWebhookConnId: "slack", message: "{{ dag.dag_id }} of {{ ds }}", channel: "#etl" }),
    );
    expect(seen).toMatchObject([{ line: "POST /p-word", body: '{"text":"operators of 2026-01-02","channel":"#etl"}' }]);
    expect(seen[0]?.headers["authorization"]).toBeUndefined();
  });

  test("over the API the password is the token, and Slack's refusal fails the task", async () => {
    reply = '{"ok":false,"error":"channel_not_found"}';
    const slack = { connType: "slack", host: api, password: "xoxb-token" };
    const run = await ran(() => slackWebhook("one", { slackWebhookConnId: "slack", message: "hi", channel: "#none" }), {
      connections: { slack },
    });
    expect(seen).toMatchObject([{ line: "POST /chat.postMessage", headers: { authorization: "Bearer xoxb-token" } }]);
    expect(run.tasks["one"]?.error).toMatchObject({
      code: "service_refused",
      message: "Slack refused the message: channel_not_found.",
    });
  });
});

describe("bindings", () => {
  test("queueSend sends one message or many, in batches", async () => {
    const batches: (readonly { body: unknown }[])[] = [];
    const env = { ORDERS: { sendBatch: async (batch: readonly { body: unknown }[]) => void batches.push(batch) } };
    const run = await ran(
      () => {
        queueSend("one", { queue: "ORDERS", messages: { day: "{{ ds }}" }, delaySeconds: 5 });
        queueSend("many", { queue: "ORDERS", messages: Array.from({ length: 101 }, (_, n) => n) });
      },
      { env },
    );
    expect([run.tasks["one"]?.result, run.tasks["many"]?.result]).toEqual([1, 101]);
    expect(batches.map((batch) => batch.length).toSorted((a, b) => a - b)).toEqual([1, 1, 100]);
    expect(batches.flat()).toContainEqual({ body: { day: "2026-01-02" }, contentType: "json", delaySeconds: 5 });
  });

  test("callWorker calls a service, or an instance of a container, and its refusal fails the task", async () => {
    const asked: [string, RequestInit][] = [];
    const service = (name: string) => ({
      fetch: async (url: string, init: RequestInit) => {
        asked.push([`${name} ${url}`, init]);
        return url.endsWith("/bad") ? new Response("broken", { status: 500 }) : new Response("done");
      },
    });
    const env = { IMAGES: service("service"), BOX: { getByName: (name: string) => service(`box ${name}`) } };
    const run = await ran(
      () => {
        callWorker("one", { binding: "IMAGES", path: "/resize/{{ ds }}", json: { key: "{{ ds }}.png" } });
        callWorker("boxed", { binding: "BOX", instance: "{{ ds }}", responseFilter: (response) => response.status });
        callWorker("bad", { binding: "IMAGES", path: "/bad" });
      },
      { env },
    );
    expect([run.tasks["one"]?.result, run.tasks["boxed"]?.result]).toEqual(["done", 200]);
    expect(run.tasks["bad"]?.error?.message).toBe("IMAGES answered 500: broken");
    expect(asked).toContainEqual([
      "service https://images/resize/2026-01-02",
      expect.objectContaining({ method: "POST", body: '{"key":"2026-01-02.png"}' }),
    ]);
    expect(asked).toContainEqual(["box 2026-01-02 https://box/", expect.objectContaining({ method: "GET" })]);
  });

  test("workflow starts one instance, waits for its end, and answers its output", async () => {
    const created: unknown[] = [];
    let looks = 0;
    const instance = {
      status: async () => (++looks < 3 ? { status: "running" } : { status: "complete", output: { rows: 3 } }),
    };
    const env = {
      TRAIN: {
        get: async () => {
          if (created.length === 0) throw new Error("instance.not_found");
          return instance;
        },
        create: async (options: unknown) => (created.push(options), instance),
      },
    };
    const run = await ran(() => workflow("one", { binding: "TRAIN", params: { day: "{{ ds }}" } }), { env });
    expect(run.tasks["one"]).toMatchObject({ state: "success", result: { rows: 3 } });
    expect(created).toEqual([
      {
        id: expect.stringMatching(/^operators-manual__2026-01-02[\w-]+-one--1-1-[0-9a-f]{16}$/),
        params: { day: "2026-01-02" },
      },
    ]);
  });

  test("a workflow that fails, fails the attempt", async () => {
    const env = {
      TRAIN: {
        get: async () => ({ status: async () => ({ status: "errored", error: { message: "out of memory" } }) }),
        create: async () => null,
      },
    };
    const run = await ran(() => workflow("one", { binding: "TRAIN" }), { env });
    expect(run.tasks["one"]).toMatchObject({
      state: "failed",
      tryNumber: 1,
      error: { message: "The workflow TRAIN ended as errored: out of memory" },
    });
  });

  test("a binding that is not there is named", async () => {
    const run = await ran(() => queueSend("one", { queue: "NONE", messages: 1 }));
    expect(run.tasks["one"]?.error).toMatchObject({
      code: "binding_missing",
      message: expect.stringContaining("no queue binding NONE"),
    });
  });
});

test("a misspelt option and a template that cannot be rendered are load errors", () => {
  const load = (options: object) => () =>
    dag("bad", { schedule: null }, () => void http("one", { endpoint: "x", ...options }));
  expect(load({ methdo: "GET" })).toThrow("methdo");
  expect(load({ endpoint: "x/{{ dss }}" })).toThrow("there is no dss");
  expect(load({ headers: { "x-run": "{{ ti.nope }}" } })).toThrow("ti has no nope");
});

test("D1Hook runs over a bound database, with its own placeholders", async () => {
  const sqlite = new DatabaseSync(":memory:");
  const prepare = (sql: string) => ({
    bind: (...values: never[]) => ({
      all: async () => {
        const statement = sqlite.prepare(sql);
        const results = statement.columns().length > 0 ? statement.all(...values) : [];
        return {
          results,
          meta: { changes: statement.columns().length > 0 ? 0 : Number(statement.run(...values).changes) },
        };
      },
    }),
  });
  const env = { SHOP: { prepare, batch: () => null } } as never;
  const hook = await testContext({ env, connections: { slack: { connType: "d1", host: "SHOP" } } }).hook(
    D1Hook,
    "slack",
  );
  await hook.run("CREATE TABLE t (n int, at text, tags text)");
  expect(
    await hook.run("INSERT INTO t VALUES (%(n)s, %(at)s, %(tags)s), (?4, %(at)s, NULL)".replace("?4", "2"), {
      n: 1n,
      at: DATE,
      tags: ["a"],
    }),
  ).toBe(2);
  expect(await hook.getRecords("SELECT * FROM t WHERE at = %s ORDER BY n", [DATE])).toEqual([
    { n: 1, at: "2026-01-02T00:00:00.000Z", tags: '["a"]' },
    { n: 2, at: "2026-01-02T00:00:00.000Z", tags: null },
  ]);
  const streamed: unknown[] = [];
  for await (const { n } of hook.stream("SELECT n FROM t", undefined, { pageSize: 1 })) streamed.push(n);
  expect(streamed).toEqual([1, 2]);
});

test("R2Hook reads and writes a bound bucket like S3Hook", async () => {
  const objects = new Map<string, Uint8Array>();
  const head = (key: string) => ({ key, size: objects.get(key)?.length ?? 0, etag: "e", uploaded: DATE });
  const LAKE = {
    head: async (key: string) => (objects.has(key) ? head(key) : null),
    get: async (key: string) =>
      objects.has(key) ? { body: new Response(Uint8Array.from(objects.get(key) ?? [])).body } : null,
    put: async (key: string, value: Uint8Array, options: { onlyIf?: unknown }) => {
      if (options.onlyIf !== undefined && objects.has(key)) return null;
      objects.set(key, value);
      return head(key);
    },
    delete: async (keys: string[]) => keys.forEach((key) => objects.delete(key)),
    list: async ({ prefix = "", cursor = "" }: { prefix?: string; cursor?: string }) => {
      const [key, ...rest] = [...objects.keys()].filter((name) => name.startsWith(prefix) && name > cursor).toSorted();
      return { objects: key === undefined ? [] : [head(key)], truncated: rest.length > 0, cursor: key };
    },
  };
  const hook = await testContext({
    env: { LAKE } as never,
    connections: { slack: { connType: "r2", host: "LAKE" } },
  }).hook(R2Hook, "slack");
  for (const key of ["a/1", "a/2", "b"]) await hook.loadString(key, key);
  expect(await hook.readKey("a/1")).toBe("a/1");
  expect(await hook.listKeys({ prefix: "a/" })).toEqual(["a/1", "a/2"]);
  await expect(hook.loadString("new", "b", undefined, { replace: false })).rejects.toThrow("exists already");
  await hook.deleteObjects(["b"]);
  expect(await hook.checkForKey("b")).toBe(false);
  await expect(hook.readKey("b")).rejects.toMatchObject({ code: "object_not_found" });
  await expect(hook.readKey("b", "OTHER")).rejects.toMatchObject({ code: "binding_missing" });
});
