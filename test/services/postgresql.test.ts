/**
 * @module The examples over a real PostgreSQL, run by a real local start; what they did is read back from the database.
 */
import postgres from "postgres";
import { afterAll, beforeAll, expect, test } from "vitest";
import { dag, sqlSensor } from "airflare";
import { testDag } from "airflare/testing";
import { client, partAt, ranExample } from "./services.ts";

let sql: postgres.Sql;

beforeAll(async () => {
  sql = postgres(partAt("postgresql")["uri"] ?? "", { max: 1, onnotice: () => undefined });
  await sql`DROP TABLE IF EXISTS customers`;
  await sql`CREATE TABLE customers (id bigint PRIMARY KEY, name text, country text, updated_at timestamptz)`;
  await sql`INSERT INTO customers SELECT n, 'customer ' || n, (ARRAY['DE', 'FR', 'US'])[n % 3 + 1], timestamptz '2023-12-31' + n * interval '1 hour'
    FROM generate_series(1, 3000) n`;
});
afterAll(() => sql.end());

test("connection_management reads, streams and stores over the wire, with the password of the connection", async () => {
  const run = await ranExample(await client(), "connection_management");
  expect([run.state, await run.log("extract_from_db")]).toEqual(["success", expect.any(String)]);
  expect(await run.result("extract_from_db")).toBe(2976);
  const rows =
    await sql`SELECT to_char(day, 'YYYY-MM-DD') AS day, country, customers FROM customers_by_country ORDER BY country`;
  expect([...rows]).toEqual(["DE", "FR", "US"].map((country) => ({ day: "2026-01-02", country, customers: 1000 })));
});

test("running it again for the same day leaves the same rows", async () => {
  await ranExample(await client(), "connection_management", {}, "2026-01-02T01:00:00Z");
  expect(await sql`SELECT count(*)::int AS n FROM customers_by_country`).toMatchObject([{ n: 3 }]);
});

test("sqlSensor waits until the database answers as wanted, with bound parameters", async () => {
  await sql`CREATE TABLE IF NOT EXISTS looks (who text PRIMARY KEY, times int NOT NULL)`;
  await sql`DELETE FROM looks`;
  const { uri = "" } = partAt("postgresql");
  const { hostname, port, username, password, pathname } = new URL(uri);
  // Each look is counted by the look itself; the third one is the answer.
  const counted = `INSERT INTO looks VALUES (%(who)s, 1) ON CONFLICT (who) DO UPDATE SET times = looks.times + 1 RETURNING times >= 3 AS seen`;
  const waits = dag("waits", { schedule: null }, () => {
    sqlSensor("seen", {
      connId: "postgres_default",
      sql: counted,
      parameters: { who: "o'brien -- %s" },
      pokeInterval: "1s",
    });
  });
  const run = await testDag(waits, {
    connections: {
      postgres_default: {
        connType: "postgres",
        host: hostname,
        port: Number(port),
        login: username,
        password: decodeURIComponent(password),
        schema: pathname.slice(1),
      },
    },
  });
  expect(run.tasks["seen"]).toMatchObject({ state: "success", tryNumber: 1 });
  expect([...(await sql`SELECT who, times FROM looks`)]).toEqual([{ who: "o'brien -- %s", times: 3 }]);
});

test("no connection is left open", async () => {
  const others =
    await sql`SELECT count(*)::int AS n FROM pg_stat_activity WHERE datname = 'shop' AND pid <> pg_backend_pid()`;
  expect(others).toMatchObject([{ n: 0 }]);
});
