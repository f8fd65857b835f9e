/**
 * @module Lists of the history in real D1: filters, order, pages, totals.
 */
import { beforeAll, describe, expect, test } from "vitest";
import { pushRows } from "../../../src/cloudflare/history/mirror-rows.ts";
import { insertEventLog, listEventLogs } from "../../../src/cloudflare/history/queries/event-logs.ts";
import { countDagRunsByState, deleteRunRows, listDagRuns } from "../../../src/cloudflare/history/queries/dag-runs.ts";
import { listTaskInstances } from "../../../src/cloudflare/history/queries/task-instances.ts";
import type { TaskInstanceFilters } from "../../../src/cloudflare/history/queries/task-instances.ts";
import { listDags } from "../../../src/cloudflare/history/queries/dags.ts";
import { findApiToken, findUser, insertApiToken, putUser } from "../../../src/cloudflare/history/queries/users.ts";
import { HistoryWriter } from "../../../src/cloudflare/history/writer.ts";
import { getConnection, connectionPort, setConnection } from "../../../src/cloudflare/connections.ts";
import { deleteVariable, listVariables, setVariable, variablePort } from "../../../src/cloudflare/variables.ts";
import { aDagRunHead } from "../../support/spec-builders.ts";
import { aPush, aView } from "../../support/history-pushes.ts";
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
      return writer.write(pushRows(aPush(head), null, START));
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

describe("task instances", () => {
  const writer = new HistoryWriter(workerEnv.DB);
  const inDags = { dagIds: ["ti_a", "ti_b"] };

  beforeAll(async () => {
    for (let run = 0; run < 6; run++) {
      const head = aDagRunHead({
        dagId: run % 2 === 0 ? "ti_a" : "ti_b",
        runId: `r${run}`,
        runAfter: START + run * DAY,
        seq: 3,
      });
      const instances = Array.from({ length: 100 }, (_, ord) =>
        aView(`t${ord}`, 3, ord === 70 && run === 4 ? "failed" : ord === 99 ? "none" : "success", {
          ord,
          startedAt: ord === 99 ? 0 : START + run * DAY + ord * 1000,
          endedAt: ord === 99 ? 0 : START + run * DAY + ord * 2000,
          note: ord === 3 ? 'it\'s "so"' : null,
        }),
      );
      await writer.write(pushRows(aPush(head, instances), null, START));
    }
  });

  test.each<[string, TaskInstanceFilters, number]>([
    ["some DAGs", inDags, 600],
    ["one DAG", { dagIds: ["ti_a"] }, 300],
    ["one run by its id", { ...inDags, runIds: ["r3"] }, 100],
    ["a state", { ...inDags, states: ["failed"] }, 1],
    ["no state yet, and another one", { ...inDags, states: [null, "failed"] }, 7],
    ["a task", { ...inDags, taskIds: ["t7"] }, 6],
    ["a pattern", { dagIds: ["ti_b"], taskIdPattern: "t7" }, 33],
    ["time of the run", { ...inDags, runAfter: { gte: START + 4 * DAY } }, 200],
    ["a duration in seconds", { dagIds: ["ti_a"], duration: { gte: 98 } }, 3],
  ])("filter: %s", async (_name, filters, total) => {
    const listed = await listTaskInstances(workerEnv.DB, filters, { limit: 1000, offset: 0 });
    expect([listed.total, listed.rows.length]).toEqual([total, total]);
  });

  test.each([undefined, ["-run_after"], ["id"], ["-start_date"], ["state", "-map_index"]])(
    "pages in the order %s hold each instance once, those of one instant in order of run and place",
    async (orderBy) => {
      const pages = await Promise.all(
        Array.from({ length: 6 }, (_, page) =>
          listTaskInstances(workerEnv.DB, inDags, { limit: 100, offset: page * 100, ...(orderBy && { orderBy }) }),
        ),
      );
      const names = pages.flatMap(({ rows }) => rows.map((row) => `${row.run_id}/${row.ord}`));
      expect(new Set(names).size).toBe(600);
      if (orderBy?.[0] === "-run_after") expect([names[0], names[1], names.at(-1)]).toEqual(["r5/0", "r5/1", "r0/99"]);
    },
  );

  test("a page in order of time reads the blocks it needs, not all runs", async () => {
    const sql: string[] = [];
    const noting = new Proxy(workerEnv.DB, {
      get: (db, name) => {
        if (name === "batch") return db.batch.bind(db);
        return (text: string) => {
          sql.push(text);
          return db.prepare(text);
        };
      },
    });
    await listTaskInstances(noting, {}, { limit: 10, offset: 0, orderBy: ["-run_after"] });
    await listTaskInstances(noting, { dagIds: ["ti_a"] }, { limit: 10, offset: 0, orderBy: ["-run_after"] });
    for (const text of sql.filter((one) => one.includes("ORDER BY"))) {
      const params = Array.from({ length: text.split("?").length - 1 }, () => 1);
      const plan = await workerEnv.DB.prepare(`EXPLAIN QUERY PLAN ${text}`)
        .bind(...params)
        .all<{ detail: string }>();
      expect(plan.results.map((row) => row.detail).join("\n")).toMatch(
        /r USING INDEX dag_run_(dag_)?run_after[^]*LAST [0-9] TERMS/,
      );
    }
    expect(sql).toHaveLength(4);
  });

  test("the view shows what the list shows", async () => {
    const { rows } = await listTaskInstances(workerEnv.DB, { dagIds: ["ti_a"] }, { limit: 300, offset: 0 });
    const view = await workerEnv.DB.prepare(
      "SELECT * FROM task_instance WHERE dag_id = 'ti_a' ORDER BY run_after, ord",
    ).all();
    expect(view.results).toEqual(
      rows.map(({ dag_display_name: _name, spec_hash: _hash, run_type: _type, ...row }) => row),
    );
    expect(view.results[3]).toMatchObject({
      task_id: "t3",
      note: 'it\'s "so"',
      state: "success",
      started_at: START + 3000,
    });
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
