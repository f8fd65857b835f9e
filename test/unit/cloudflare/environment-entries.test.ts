/**
 * @module Connections and variables of the Worker's environment.
 */
import { expect, test } from "vitest";
import { connectionPort } from "../../../src/cloudflare/connections.ts";
import { environmentEntry, environmentIds } from "../../../src/cloudflare/environment-entries.ts";
import { variablePort } from "../../../src/cloudflare/variables.ts";
import type { Env } from "../../../src/cloudflare/env.ts";

/** A D1 without a row. */
const DB = {
  prepare: () => ({ bind: () => ({ first: async () => null }), all: async () => ({ results: [] }) }),
};
const envOf = (entries: object): Env => ({ DB, ...entries }) as unknown as Env;

test("our prefix wins over Airflow's; ids are found in any case", () => {
  const env = { AIRFLOW_VAR_A: "airflow", AIRFLARE_VAR_A: "ours", AIRFLOW_VAR_B_C: "b" };
  expect(environmentEntry(env, "VAR", "a")).toEqual({ name: "AIRFLARE_VAR_A", text: "ours" });
  expect(environmentEntry(env, "VAR", "b_C")?.text).toBe("b");
  expect(environmentEntry(env, "CONN", "a")).toBeUndefined();
  expect(environmentIds(env, "VAR")).toEqual(["a", "a", "b_c"]);
});

test("a binding that is no text is no entry", () => {
  expect(environmentEntry({ AIRFLARE_CONN_A: { fetch: null } }, "CONN", "a")).toBeUndefined();
});

test("a connection of the environment is a URI or JSON, and comes with its URI", async () => {
  const port = connectionPort(
    envOf({
      AIRFLARE_CONN_PG: "postgres://me:p%40ss@db:5433/sales",
      AIRFLOW_CONN_API: '{"conn_type":"http","host":"api"}',
    }),
  );
  expect(await port.get("pg")).toMatchObject({
    id: "pg",
    password: "p@ss",
    port: 5433,
    uri: "postgres://me:p%40ss@db:5433/sales",
  });
  expect(await port.get("api")).toMatchObject({ connType: "http", host: "api" });
  expect(await port.get("other")).toBeUndefined();
  expect(await port.ids()).toEqual(["pg", "api"]);
});

test.each(["nonsense", "{}", '{"host":"x"}', "{", "postgres://a:%zz@h"])(
  "%s is no connection: the error names the variable, not its value",
  async (text) => {
    const refusal = connectionPort(envOf({ AIRFLARE_CONN_PG: text })).get("pg");
    await expect(refusal).rejects.toMatchObject({
      code: "invalid_request",
      message: expect.stringMatching(/^AIRFLARE_CONN_PG is neither/),
    });
  },
);

test("a kind of the config that names a binding is a connection; the environment wins over it", async () => {
  const declared = { pg: "hyperdrive:PG", plain: "postgres" };
  expect(await connectionPort(envOf({}), declared).get("pg")).toMatchObject({ connType: "hyperdrive", host: "PG" });
  expect(await connectionPort(envOf({}), declared).get("plain")).toBeUndefined();
  expect(await connectionPort(envOf({}), declared).ids()).toEqual(["pg"]);
  expect(await connectionPort(envOf({ AIRFLARE_CONN_PG: "postgres://db" }), declared).get("pg")).toMatchObject({
    connType: "postgres",
  });
});

test("a variable of the environment is its text", async () => {
  const port = variablePort(envOf({ AIRFLARE_VAR_DB_HOST: "db.internal" }));
  expect(await port.get("db_host")).toBe("db.internal");
  expect(await port.names()).toEqual(["db_host"]);
});
