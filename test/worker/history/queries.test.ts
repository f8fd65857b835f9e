/**
 * @module Lists of the history in real D1: filters, order, pages, totals.
 */
import { beforeAll, describe, expect, test } from "vitest";
import { pushRows } from "../../../src/cloudflare/history/mirror-rows.ts";
import { insertEventLog, listEventLogs } from "../../../src/cloudflare/history/queries/event-logs.ts";
import { countDagRunsByState, deleteRunRows, listDagRuns } from "../../../src/cloudflare/history/queries/dag-runs.ts";
import { listDags } from "../../../src/cloudflare/history/queries/dags.ts";
import { findApiToken, findUser, insertApiToken, putUser } from "../../../src/cloudflare/history/queries/users.ts";
import { HistoryWriter } from "../../../src/cloudflare/history/writer.ts";
import { getConnection, connectionPort, setConnection } from "../../../src/cloudflare/connections.ts";
import { deleteVariable, listVariables, setVariable, variablePort } from "../../../src/cloudflare/variables.ts";
import { aDagRunHead } from "../../support/spec-builders.ts";
import { workerEnv } from "../../support/worker-runs.ts";

const env = { ...workerEnv, DB: workerEnv.DB, AIRFLARE_SECRET_KEY: "test secret", AIRFLOW_VAR_FROM_ENV: "environment" };
const PAGE = { limit: 100, offset: 0 };
const DAY = 86_400_000;
const START = Date.parse("2026-01-01T00:00:00Z");

beforeAll(async () => {
  const writer = new HistoryWriter(workerEnv.DB);
  await Promise.all(
    Array.from({ length: 30 }, (_, i) => {
      const head = aDagRunHead({
        dagId: i % 3 === 0 ? "third" : "others",
        runId: `run_${i}`,
        state: i % 2 === 0 ? "success" : "failed",
        runType: i < 20 ? "scheduled" : "manual",
        runAfter: START + i * DAY,
        logicalDate: START + i * DAY,
        startedAt: START + i * DAY,
        endedAt: i === 29 ? null : START + i * DAY + i * 1000,
        seq: 1,
      });
      return writer.write(
        pushRows({ callId: "", head, endReason: null, instances: [], tries: [], durations: {} }, null, START),
      );
    }),
  );
});

describe("dag runs", () => {
  test.each([
    ["all DAGs", {}, 30],
    ["one DAG", { dagIds: ["third"] }, 10],
    ["states", { states: ["failed"] }, 15],
    ["types", { runTypes: ["manual"], dagIds: ["third"] }, 3],
    ["a time range, both ends", { runAfter: { gte: START + DAY, lt: START + 3 * DAY } }, 2],
    ["duration in seconds", { duration: { gte: 27 } }, 2],
    ["a pattern with OR", { runIdPattern: "run_1|run_29" }, 12],
    ["a pattern with a wildcard", { runIdPattern: "n_2_" }, 10],
  ])("filter: %s", async (_name, filters, total) => {
    expect((await listDagRuns(workerEnv.DB, { dagIds: ["third", "others"], ...filters }, PAGE)).total).toBe(total);
  });

  test("pages do not overlap, and the total is of all pages", async () => {
    const page = (offset: number) =>
      listDagRuns(
        workerEnv.DB,
        { dagIds: ["third", "others"] },
        { limit: 12, offset, orderBy: ["state", "-run_after"] },
      );
    const pages = [await page(0), await page(12), await page(24)];
    expect(new Set(pages.flatMap(({ rows }) => rows.map((row) => row.run_id))).size).toBe(30);
    expect(pages.map(({ total }) => total)).toEqual([30, 30, 30]);
  });

  test("rows without a value come last in both directions", async () => {
    for (const word of ["end_date", "-end_date"]) {
      const { rows } = await listDagRuns(workerEnv.DB, { dagIds: ["third", "others"] }, { ...PAGE, orderBy: [word] });
      expect(rows.at(-1)?.run_id).toBe("run_29");
    }
  });

  test("an unknown order word is refused with the allowed ones", async () => {
    await expect(
      async () => await listDagRuns(workerEnv.DB, {}, { ...PAGE, orderBy: ["state; DROP TABLE dag"] }),
    ).rejects.toMatchObject({
      code: "invalid_request",
      message: expect.stringContaining("run_after"),
    });
  });

  test("counts by state, and deletion", async () => {
    const counts = await countDagRunsByState(workerEnv.DB, ["third"]);
    expect(counts).toEqual([
      { dag_id: "third", state: "failed", count: 5 },
      { dag_id: "third", state: "success", count: 5 },
    ]);
    await deleteRunRows(workerEnv.DB, "third", "run_0");
    expect((await listDagRuns(workerEnv.DB, { dagIds: ["third"] }, PAGE)).total).toBe(9);
  });
});

test("the audit log lists what was put in, by event and owner", async () => {
  const none = {
    dag_id: null,
    run_id: null,
    task_id: null,
    map_index: null,
    try_number: null,
    logical_date: null,
    extra: null,
  };
  await insertEventLog(workerEnv.DB, { ...none, at: 1, event: "pause", owner: "admin", dag_id: "third" });
  await insertEventLog(workerEnv.DB, { ...none, at: 2, event: "trigger", owner: "admin" });
  const { rows } = await listEventLogs(workerEnv.DB, { owner: "admin", excludedEvents: ["trigger"] }, PAGE);
  expect(rows).toMatchObject([{ event: "pause", dag_id: "third" }]);
});

test("users and tokens are found; tokens of an inactive user are not", async () => {
  const user = { user_id: "u1", username: "ann", password_hash: null, role: "admin", is_active: 1, created_at: 1 };
  await putUser(workerEnv.DB, user);
  const token = {
    token_id: "t1",
    user_id: "u1",
    name: "ci",
    prefix: "af_1",
    role: "op",
    created_at: 1,
    expires_at: null,
    token_hash: "abc",
  };
  await insertApiToken(workerEnv.DB, token);
  expect(await findUser(workerEnv.DB, "ann")).toMatchObject({ role: "admin" });
  expect(await findApiToken(workerEnv.DB, "abc")).toMatchObject({ username: "ann", role: "op" });
  await putUser(workerEnv.DB, { ...user, is_active: 0 });
  expect(await findApiToken(workerEnv.DB, "abc")).toBeNull();
});

test("variables are sealed in D1, and the environment comes first", async () => {
  await setVariable(env, { key: "db_host", value: "db.example", description: null }, 1);
  await setVariable(env, { key: "from_env", value: "database", description: null }, 1);
  expect(await workerEnv.DB.prepare("SELECT value FROM variable WHERE key = 'db_host'").first("value")).not.toContain(
    "db.example",
  );
  const port = variablePort(env);
  expect([await port.get("db_host"), await port.get("from_env"), await port.get("none")]).toEqual([
    "db.example",
    "environment",
    undefined,
  ]);
  expect((await listVariables(env, { keyPattern: "db" }, PAGE)).rows).toEqual([
    { key: "db_host", value: "db.example", description: null },
  ]);
  expect([await deleteVariable(env, "db_host"), await deleteVariable(env, "db_host")]).toEqual([true, false]);
});

test("a connection's password and extra are sealed in D1, and come back with a URI", async () => {
  const entry = {
    id: "pg",
    connType: "postgres",
    description: "d",
    host: "h",
    port: 5432,
    login: "me",
    password: "secret!",
    schema: "s",
    extra: { k: 1 },
  };
  await setConnection(env, entry, 1);
  const raw = JSON.stringify(await workerEnv.DB.prepare("SELECT * FROM connection").first());
  expect(raw).not.toContain("secret!");
  expect(await getConnection(env, "pg")).toEqual(entry);
  expect(await connectionPort(env).get("pg")).toMatchObject({
    password: "secret!",
    uri: expect.stringContaining("postgres://me:secret!@h:5432/s"),
  });
});

test("tags: any or all; a paused filter; contains without regard to case", async () => {
  const total = async (filters: Parameters<typeof listDags>[1]) => (await listDags(workerEnv.DB, filters, PAGE)).total;
  const all = await total({});
  expect(all).toBeGreaterThan(0);
  expect(await total({ paused: true })).toBe(all - (await total({ paused: false })));
  expect(await total({ dagIdPattern: "ETL" })).toBeGreaterThan(0);
  expect(await total({ tags: ["no such tag"] })).toBe(0);
});
