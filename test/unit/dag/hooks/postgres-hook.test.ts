/**
 * @module `PostgresHook` over a real socket to a PostgreSQL in this process, inside DAGs.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { dag, PostgresHook, task, type Context } from "airflare";
import { testContext, testDag } from "airflare/testing";
import { connectionOf } from "../../../../src/testing/memory-ports.ts";
import type { PostgresTarget } from "../../../../src/dag/hooks/postgres-hook.ts";
import { startPglite, type PgliteServer } from "../../../support/pglite-server.ts";

let server: PgliteServer;

beforeAll(async () => {
  server = await startPglite();
  await server.db.exec(`
    CREATE TABLE customers (id bigint PRIMARY KEY, name text, updated_at timestamptz);
    INSERT INTO customers SELECT n, 'customer ' || n, timestamptz '2024-01-01' + n * interval '1 hour' FROM generate_series(1, 2500) n;
  `);
});
afterAll(() => server.close());

/** Runs `work` as the only task of a DAG. */
async function inTask<T>(work: (context: Context) => Promise<T>, connection = server.connection) {
  const one = task("one", async (_: {}, context) => (await work(context)) as never);
  const only = dag("only", { schedule: null }, () => void one());
  const run = await testDag(only, { connections: { postgres_default: connection } });
  return run.tasks["one"];
}

const hookOf = (context: Context): Promise<PostgresHook> => context.hook(PostgresHook, "postgres_default");

test("records come back as objects, with parameters by name", async () => {
  const one = await inTask(async (ctx) =>
    (await hookOf(ctx)).getRecords(
      "SELECT id, name FROM customers WHERE updated_at > %(date)s AND id < %(max)s ORDER BY id",
      {
        date: "2024-01-01T02:00:00Z",
        max: 5,
      },
    ),
  );
  expect(one).toMatchObject({
    state: "success",
    result: [
      { id: 3, name: "customer 3" },
      { id: 4, name: "customer 4" },
    ],
  });
});

test("parameters by position; a Date is a point in time", async () => {
  const one = await inTask(async (ctx) =>
    (await hookOf(ctx)).getFirst("SELECT count(*) AS n FROM customers WHERE updated_at <= $1 AND name LIKE $2", [
      new Date("2024-01-01T09:00:00Z"),
      "customer %",
    ]),
  );
  expect(one?.result).toEqual({ n: 9 });
});

test("the first row of none is null", async () => {
  const one = await inTask(async (ctx) => (await hookOf(ctx)).getFirst("SELECT 1 FROM customers WHERE id = %s", [-1]));
  expect(one?.result).toBeNull();
});

test("values keep what they are", async () => {
  const one = await inTask(async (ctx) =>
    (await hookOf(ctx)).getFirst(
      `SELECT 9007199254740993::bigint AS big, 7::bigint AS small, 1.10::numeric AS exact, true AS yes, NULL AS nothing, '{"a":[1]}'::jsonb AS json,
       ARRAY[1,2] AS list, timestamp '2024-03-01 10:00:00.5' AS local, timestamptz '2024-03-01 10:00+02' AS zoned, %(bytes)s::bytea AS bytes`,
      { bytes: new Uint8Array([1, 2, 255]) },
    ),
  );
  expect(one?.result).toMatchObject({
    big: 9007199254740993n,
    small: 7,
    exact: "1.10",
    yes: true,
    nothing: null,
    json: { a: [1] },
    list: [1, 2],
    local: new Date("2024-03-01T10:00:00.500Z"),
    zoned: new Date("2024-03-01T08:00:00Z"),
  });
  const row = one?.result as { readonly bytes: Uint8Array } | undefined;
  expect([...(row?.bytes ?? [])]).toEqual([1, 2, 255]);
});

test("run answers how many rows changed, of one statement, of several, and of a script", async () => {
  const one = await inTask(async (ctx) => {
    const hook = await hookOf(ctx);
    await hook.run("CREATE TABLE IF NOT EXISTS counts (n int); TRUNCATE counts");
    const inserted = await hook.run("INSERT INTO counts SELECT generate_series(1, %(n)s)", { n: 7 });
    const both = await hook.run(["UPDATE counts SET n = n + 1 WHERE n > %(n)s", "DELETE FROM counts WHERE n > %(n)s"], {
      n: 5,
    });
    return [inserted, both];
  });
  expect(one?.result).toEqual([7, 4]);
});

test("a result of any size is streamed in pages; a loop that ends early leaves the connection usable", async () => {
  const one = await inTask(async (ctx) => {
    const hook = await hookOf(ctx);
    let sum = 0;
    for await (const { id } of hook.stream<{ id: number }>(
      "SELECT id FROM customers WHERE id > %(from)s",
      { from: 100 },
      { pageSize: 500 },
    ))
      sum += id;
    for await (const _ of hook.stream("SELECT id FROM customers")) break;
    return [sum, await hook.getFirst("SELECT 1 AS one")];
  });
  expect(one?.result).toEqual([(2500 * 2501) / 2 - (100 * 101) / 2, { one: 1 }]);
});

test("hostile values do nothing but be values", async () => {
  const evil = "'); DROP TABLE customers; --";
  const one = await inTask(async (ctx) =>
    (await hookOf(ctx)).getFirst("SELECT %(evil)s::text AS evil, count(*) AS n FROM customers", { evil }),
  );
  expect(one?.result).toEqual({ evil, n: 2500 });
});

test("what the database refuses fails the task with the database's words", async () => {
  const one = await inTask(async (ctx) =>
    (await hookOf(ctx)).getRecords("SELECT * FROM nothing_here WHERE id = %(id)s", { id: 1 }),
  );
  expect(one).toMatchObject({
    state: "failed",
    error: { code: "42P01", message: 'relation "nothing_here" does not exist' },
  });
});

test("the connection is closed when the attempt ends", async () => {
  await inTask(async (ctx) => (await hookOf(ctx)).getFirst("SELECT 1 AS one"));
  await expect.poll(server.open).toBe(0);
});

test("a host that refuses is named, without the password", async () => {
  const nowhere = { connType: "postgres", host: "127.0.0.1", port: 1, password: "hunter22" };
  const one = await inTask(async (ctx) => (await hookOf(ctx)).getFirst("SELECT 1"), nowhere);
  expect(one?.error).toMatchObject({ code: "target_unreachable", message: expect.stringContaining("127.0.0.1:1") });
  expect(JSON.stringify(one?.error)).not.toContain("hunter22");
});

test("a connection of another type is refused by name", async () => {
  const one = await inTask(async (ctx) => (await hookOf(ctx)).getFirst("SELECT 1"), { connType: "mysql", host: "db" });
  expect(one?.error).toMatchObject({
    code: "wrong_connection_type",
    message: expect.stringContaining("postgres_default is of type mysql"),
  });
});

test("a deployed Worker connects to no private host that is not listed", async () => {
  const deployed = testContext({
    env: { AIRFLARE_LOCAL: "" } as never,
    connections: { postgres_default: server.connection },
  });
  await expect((await hookOf(deployed)).getFirst("SELECT 1")).rejects.toMatchObject({ code: "target_refused" });
  const { port } = server.connection;
  const env = { AIRFLARE_ALLOWED_HOSTS: `127.0.0.1:${port}` } as never;
  await using hook = await hookOf(testContext({ env, connections: { postgres_default: server.connection } }));
  expect(await hook.getFirst("SELECT 1 AS one")).toEqual({ one: 1 });
});

test("a Hyperdrive binding is found by the connection's host", async () => {
  const { host, port } = server.connection;
  const PG = { connectionString: "postgres://…", host, port, user: "postgres", password: "x", database: "postgres" };
  const connections = { postgres_default: { connType: "hyperdrive", host: "PG" } };
  await using hook = await hookOf(testContext({ env: { PG } as never, connections }));
  expect(await hook.getFirst("SELECT 1 AS one")).toEqual({ one: 1 });
  const without = await hookOf(testContext({ env: {} as never, connections }));
  await expect(without.getFirst("SELECT 1")).rejects.toMatchObject({
    code: "binding_missing",
    message: expect.stringContaining("Hyperdrive binding PG"),
  });
});

test.each([
  ["db.example.com", {}, "require"],
  ["db.example.com", { sslmode: "prefer" }, "require"],
  ["db.example.com", { sslmode: "disable" }, "disable"],
  ["10.0.0.5", {}, "disable"],
  ["10.0.0.5", { sslmode: "require" }, "require"],
  ["db.internal", {}, "disable"],
  ["localhost", { sslmode: "verify-ca" }, "verify-full"],
])("%s with %o is called with TLS %s", async (host, extra, tls) => {
  const asked: unknown[] = [];
  const connect = async (target: PostgresTarget): Promise<never> => {
    asked.push(target.tls);
    throw new Error("enough");
  };
  const info = connectionOf("pg", { connType: "postgres", host, extra });
  const hook = new PostgresHook(info, { AIRFLARE_LOCAL: "1" } as never, connect);
  await expect(hook.getFirst("SELECT 1")).rejects.toThrow("enough");
  expect(asked).toEqual([tls]);
});

test("an unknown sslmode is refused", async () => {
  const info = connectionOf("pg", { connType: "postgres", host: "db.example.com", extra: { sslmode: "maybe" } });
  await expect(new PostgresHook(info, { AIRFLARE_LOCAL: "1" } as never).getFirst("SELECT 1")).rejects.toThrow(
    'sslmode "maybe"',
  );
});
