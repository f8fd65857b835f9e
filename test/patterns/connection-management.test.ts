/**
 * @module Pattern "Connection Management": a hook over a connection, against PostgreSQL in this process. The services suite runs the same DAG against a server.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { connectionManagement } from "../../dags/connection_management.ts";
import { type PgliteServer, startPglite } from "../support/pglite-server.ts";
import { testDag } from "airflare/testing";

let server: PgliteServer;

beforeAll(async () => {
  server = await startPglite();
  await server.db.exec(`
    CREATE TABLE customers (id bigint PRIMARY KEY, name text, country text, updated_at timestamptz);
    INSERT INTO customers VALUES (1, 'Ada', 'DE', '2023-12-31'), (2, 'Bea', 'DE', '2024-01-02'), (3, 'Cem', 'FR', '2024-02-01');
  `);
});
afterAll(() => server.close());

const runToday = () =>
  testDag(connectionManagement, {
    connections: { postgres_default: server.connection },
    logicalDate: new Date("2026-01-02T00:00:00Z"),
  });

test("a hook finds its connection by id, and its query has a bound parameter", async () => {
  const run = await runToday();
  expect(run.tasks["extract_from_db"]).toMatchObject({ state: "success", result: 2 });
});

test("rows are streamed, and stored by an upsert that may run again", async () => {
  for (const _ of [1, 2])
    expect((await runToday()).tasks["store_counts"]).toMatchObject({ state: "success", result: 2 });
  const { rows } = await server.db.query("SELECT country, customers FROM customers_by_country ORDER BY country");
  expect(rows).toEqual([
    { country: "DE", customers: 2 },
    { country: "FR", customers: 1 },
  ]);
});

test("without the connection the task fails, and the error names those that exist", async () => {
  const run = await testDag(connectionManagement, { connections: { slack: { connType: "http" } } });
  expect(run.tasks["extract_from_db"]).toMatchObject({
    error: { code: "connection_not_found", message: expect.stringContaining("postgres_default (there are: slack)") },
  });
});
