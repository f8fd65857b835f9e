/**
 * @module Triggering, reading, listing, patching, clearing, waiting for and deleting runs over HTTP.
 */
import { DAGRunCollectionResponse, DAGRunResponse } from "../../../src/api/schemas/dag-runs.ts";
import { aDagRunHead, aDagSpec, aTaskSpec } from "../../support/spec-builders.ts";
import { beforeEach, describe, expect, it } from "vitest";
import { AirflareError } from "../../../src/model/error.ts";
import { FakeDeployment } from "../../support/api-fakes.ts";
import type { AttemptBatch } from "../../../src/model/protocol.ts";
import { START } from "../../support/runtime-fakes.ts";

const RUNS = "/api/v2/dags/etl/dagRuns";
let deployment: FakeDeployment;
beforeEach(() => {
  deployment = new FakeDeployment(
    [
      aDagSpec({
        dagId: "etl",
        tasks: [aTaskSpec({ taskId: "push" }), aTaskSpec({ taskId: "show", upstream: ["push"] })],
      }),
    ],
    [{ file: "broken.ts", message: "boom" }],
  );
});
const trigger = async (body: object) => await deployment.request("POST", RUNS, { logical_date: null, ...body });

describe("POST dagRuns", () => {
  it("creates the run, brings the spec first, and answers 200 with Airflow's fields", async () => {
    const answer = await trigger({ dag_run_id: "r1", conf: { k: "v" }, note: "hi" });
    const body = await answer.json();
    expect(answer.status).toBe(200);
    expect(DAGRunResponse.parse(body)).toEqual(body);
    expect(body).toMatchObject({
      dag_run_id: "r1",
      state: "queued",
      run_type: "manual",
      triggered_by: "rest_api",
      triggering_user_name: "admin",
      conf: { k: "v" },
      note: "hi",
      logical_date: null,
      data_interval_end: null,
      dag_versions: [{ version_number: 1 }],
    });
    expect(deployment.dag("etl").specHash).toBe("hash-of-etl");
  });

  it("takes handed-off attempts along and drives them behind the answer", async () => {
    const batch = { attempts: [] } as unknown as AttemptBatch;
    deployment.run("etl", "r1").handOff = batch;
    await trigger({ dag_run_id: "r1" });
    expect(deployment.driven).toEqual([batch]);
  });

  it("reads dates in the spellings of Python clients", async () => {
    await trigger({ dag_run_id: "r1", logical_date: "2025-02-01T03:00:00.123456+0200" });
    await trigger({ dag_run_id: "r2", logical_date: "2025-02-01 01:00:00Z", run_after: "2025-02-02T00:00:00+00:00" });
    expect(deployment.dag("etl").requests.map((request) => [request.logicalDate, request.runAfter])).toEqual(
      expect.arrayContaining([
        [Date.UTC(2025, 1, 1, 1, 0, 0, 123), null],
        [Date.UTC(2025, 1, 1, 1), Date.UTC(2025, 1, 2)],
      ]),
    );
  });

  it("answers 409 with an object for a taken id and for a taken logical date", async () => {
    await trigger({ dag_run_id: "r1", logical_date: "2025-02-01T00:00:00Z" });
    for (const body of [{ dag_run_id: "r1" }, { dag_run_id: "r2", logical_date: "2025-02-01T00:00:00Z" }]) {
      const answer = await trigger(body);
      expect(answer.status).toBe(409);
      expect(await answer.json()).toMatchObject({
        detail: { reason: "Unique constraint violation", statement: "hidden", orig_error: "hidden" },
      });
    }
  });

  it("answers 400 with the reason when the conf does not fit the params", async () => {
    deployment.dag("etl").refuse = new AirflareError(
      "invalid_params",
      "Param 'n' of DAG etl is required: give it in the conf.",
    );
    const answer = await trigger({});
    expect([answer.status, await answer.json()]).toEqual([
      400,
      { detail: "Param 'n' of DAG etl is required: give it in the conf." },
    ]);
  });

  it("answers 404 for a DAG that is not deployed and 400 for one whose file does not load", async () => {
    const unknown = await deployment.request("POST", "/api/v2/dags/no_such_dag/dagRuns", { logical_date: null });
    expect([unknown.status, await unknown.json()]).toEqual([
      404,
      { detail: "Dag with dag_id: 'no_such_dag' not found" },
    ]);
    const row = deployment.history.dags.get("etl");
    if (row !== undefined)
      deployment.history.dags.set("broken", { ...row, dagId: "broken", relativeFileloc: "broken.ts" });
    const broken = await deployment.request("POST", "/api/v2/dags/broken/dagRuns", { logical_date: null });
    expect([broken.status, await broken.json()]).toEqual([
      400,
      { detail: "Dag with dag_id: 'broken' has import errors and cannot be triggered" },
    ]);
    expect((await deployment.request("POST", "/api/v2/dags/toString/dagRuns", { logical_date: null })).status).toBe(
      404,
    );
  });

  it.each<[string, object, object]>([
    ["no logical_date", {}, { type: "missing", loc: ["body", "logical_date"], msg: "Field required", input: {} }],
    [
      "a conf that is text",
      { logical_date: null, conf: "x" },
      { type: "dict_type", loc: ["body", "conf"], msg: "Input should be a valid dictionary", input: "x" },
    ],
    [
      "an unknown field",
      { logical_date: null, x: 1 },
      { type: "extra_forbidden", loc: ["body", "x"], msg: "Extra inputs are not permitted", input: 1 },
    ],
    [
      "a date without offset",
      { logical_date: "2025-01-01T00:00:00" },
      { type: "datetime_parsing", loc: ["body", "logical_date"] },
    ],
    [
      "half an interval",
      { logical_date: null, data_interval_start: "2025-01-01T00:00:00Z" },
      { type: "value_error", loc: ["body"] },
    ],
  ])("answers 422 for %s", async (_what, body, item) => {
    const answer = await deployment.request("POST", RUNS, body);
    expect(answer.status).toBe(422);
    expect(await answer.json()).toMatchObject({ detail: [item] });
    expect(deployment.dag("etl").requests).toEqual([]);
  });

  it.each<[object, number, RegExp]>([
    [{ dag_run_id: "a/b" }, 400, /does not match regex/],
    [{ dag_run_id: "x".repeat(251) }, 400, /does not match regex/],
    [{ dag_run_id: "scheduled__2025-01-01T00:00:00+00:00" }, 400, /reserved for scheduled runs/],
    [{ partition_key: "eu" }, 400, /partition/],
    [{ conf: { big: "x".repeat(300_000) } }, 413, /conf is larger/],
  ])("refuses %o", async (body, status, detail) => {
    const answer = await trigger(body);
    expect(answer.status).toBe(status);
    expect(await answer.text()).toMatch(detail);
    expect(deployment.dag("etl").requests).toEqual([]);
  });
});

describe("one run", () => {
  beforeEach(async () => {
    await trigger({ dag_run_id: "r1" });
  });

  it("is read from its object, with dates and duration", async () => {
    deployment.run("etl", "r1").head = aDagRunHead({
      dagId: "etl",
      runId: "r1",
      state: "success",
      startedAt: START,
      endedAt: START + 1_500,
      specHash: "hash-of-etl",
    });
    const body = await (await deployment.request("GET", `${RUNS}/r1`)).json();
    expect(body).toMatchObject({
      state: "success",
      start_date: "2026-01-31T02:00:00Z",
      end_date: "2026-01-31T02:00:01.500Z",
      duration: 1.5,
    });
  });

  it.each(["GET", "DELETE"])("that is unknown answers Airflow's 404 to %s", async (method) => {
    const answer = await deployment.request(method, `${RUNS}/nope`);
    expect([answer.status, await answer.json()]).toEqual([
      404,
      { detail: "The DagRun with dag_id: `etl` and run_id: `nope` was not found" },
    ]);
  });

  it("is marked and noted by PATCH, within the mask", async () => {
    const marked = await deployment.request("PATCH", `${RUNS}/r1`, { state: "success" });
    expect(await marked.json()).toMatchObject({ state: "success" });
    const noted = await deployment.request("PATCH", `${RUNS}/r1?update_mask=note`, { state: "failed", note: "n2" });
    expect(await noted.json()).toMatchObject({ state: "success", note: "n2" });
    expect(deployment.run("etl", "r1").commands).toEqual([
      { kind: "mark-run", state: "success", by: "admin" },
      { kind: "note", select: null, note: "n2" },
    ]);
  });

  it("refuses a state that nobody can set, in Airflow's words", async () => {
    const answer = await deployment.request("PATCH", `${RUNS}/r1`, { state: "nonsense" });
    expect(answer.status).toBe(422);
    expect(await answer.json()).toEqual({
      detail: [
        {
          type: "enum",
          loc: ["body", "state"],
          msg: "Input should be 'queued', 'success' or 'failed'",
          input: "nonsense",
          ctx: { expected: "'queued', 'success' or 'failed'" },
        },
      ],
    });
  });

  it("is cleared: dry by default, answering the instances, then for real, answering the run", async () => {
    const dry = await deployment.request("POST", `${RUNS}/r1/clear`, {});
    expect(await dry.json()).toMatchObject({
      total_entries: 2,
      task_instances: [{ task_id: "push" }, { task_id: "show" }],
    });
    const real = await deployment.request("POST", `${RUNS}/r1/clear`, { dry_run: false });
    expect(await real.json()).toMatchObject({ dag_run_id: "r1", state: "queued" });
  });

  it("with only_new runs what the latest version has and the run never had, and nothing else", async () => {
    const run = deployment.run("etl", "r1");
    const old = aDagSpec({ dagId: "etl", tasks: [aTaskSpec({ taskId: "push" })] });
    const take = (state: "success" | "running") => {
      run.head = aDagRunHead({ ...run.head, dagId: "etl", runId: "r1", specHash: "hash-of-old", state });
      run.spec = old;
      run.views.length = 0;
      run.put("push", "success");
      run.commands.length = 0;
    };
    take("success");
    const dry = await deployment.request("POST", `${RUNS}/r1/clear`, { only_new: true });
    expect(await dry.json()).toEqual({
      task_instances: [{ task_id: "show", task_display_name: "show" }],
      total_entries: 1,
    });
    expect(run.commands).toEqual([]);
    const real = await deployment.request("POST", `${RUNS}/r1/clear`, { only_new: true, dry_run: false, note: "more" });
    expect(await real.json()).toMatchObject({ dag_run_id: "r1", state: "queued" });
    expect(run.commands).toMatchObject([
      { kind: "sync-spec", specHash: "hash-of-etl" },
      { kind: "clear", options: { select: [{ taskId: "show" }], note: "more" } },
    ]);
    take("success");
    run.put("show", "success");
    await deployment.request("POST", `${RUNS}/r1/clear`, { only_new: true, dry_run: false });
    expect(run.commands.map(({ kind }) => kind)).toEqual(["sync-spec"]);
    take("running");
    await deployment.request("POST", `${RUNS}/r1/clear`, { only_new: true, dry_run: false });
    expect(run.commands.map(({ kind }) => kind)).toEqual(["sync-spec"]);
  });

  it("is cleared on the latest version: the run gets the deployed spec first, unless it is a dry run", async () => {
    const { commands } = deployment.run("etl", "r1");
    commands.length = 0;
    await deployment.request("POST", `${RUNS}/r1/clear`, { run_on_latest_version: true });
    expect(commands.map(({ kind }) => kind)).toEqual(["clear"]);
    await deployment.request("POST", `${RUNS}/r1/clear`, { run_on_latest_version: true, dry_run: false });
    expect(commands.slice(1)).toMatchObject([{ kind: "sync-spec", specHash: "hash-of-etl" }, { kind: "clear" }]);
  });

  it("is waited for: a line per interval, the last one with results", async () => {
    deployment.run("etl", "r1").xcoms.push({
      taskId: "push",
      mapIndex: -1,
      key: "return_value",
      value: { in: "inline", text: '[{"n":1},42]' },
      ord: 0,
      writtenAt: START,
    });
    const answer = await deployment.request("GET", `${RUNS}/r1/wait?interval=0.5&result=push&result=show`);
    const lines = (await answer.text())
      .trim()
      .split("\n")
      .map((line): unknown => JSON.parse(line));
    expect(lines).toEqual([
      { state: "queued" },
      { state: "queued" },
      { state: "success", results: { push: { n: 42 }, show: null } },
    ]);
  });

  it("is waited for over intervals longer than a call may stay open, and its end is told at once", async () => {
    const text = await (await deployment.request("GET", `${RUNS}/r1/wait?interval=60`)).text();
    expect(text).toBe('{"state":"queued"}\n{"state":"success"}\n');
  });

  it.each(["", "?interval=0", "?interval=x"])("wait refuses '%s'", async (query) => {
    expect((await deployment.request("GET", `${RUNS}/r1/wait${query}`)).status).toBe(422);
  });

  it("is deleted with its rows, XCom objects and logs", async () => {
    await deployment.objects.put("xcom/etl/r1/inc/push/-1/t/return_value", "x");
    await deployment.objects.put("logs/etl/r1/inc/1", "x");
    await deployment.objects.put("xcom/etl/r10/inc/push/-1/t/return_value", "x");
    expect((await deployment.request("DELETE", `${RUNS}/r1`)).status).toBe(204);
    expect([...deployment.objects.stored.keys()]).toEqual(["xcom/etl/r10/inc/push/-1/t/return_value"]);
    expect((await deployment.request("GET", `${RUNS}/r1`)).status).toBe(404);
    expect((await deployment.request("DELETE", `${RUNS}/r1`)).status).toBe(404);
  });
});

describe("lists of runs", () => {
  beforeEach(() => {
    const run = aDagRunHead({ dagId: "etl", state: "success" });
    deployment.history.runs = [{ run, displayName: "ETL", version: deployment.history.versions[0] ?? null }];
  });

  it("hand their filters on", async () => {
    const answer = await deployment.request(
      "GET",
      `${RUNS}?state=success&state=failed&run_type=manual&logical_date_gte=2025-02-01T00:00:00.000000%2B0000&duration_lt=2&conf_contains=k&dag_version=1&updated_at_lt=2025-03-01T00:00:00Z&order_by=-run_after&limit=5`,
    );
    const body = await answer.json();
    expect(DAGRunCollectionResponse.parse(body)).toEqual(body);
    expect(deployment.history.asked.at(-1)).toMatchObject([
      {
        dagIds: ["etl"],
        states: ["success", "failed"],
        runTypes: ["manual"],
        logicalDate: { gte: Date.UTC(2025, 1, 1) },
        duration: { lt: 2 },
        confContains: "k",
        versionNumbers: [1],
        updatedAt: { lt: Date.UTC(2025, 2, 1) },
      },
      { limit: 5, order: [{ by: "run_after", descending: true }] },
    ]);
  });

  it("of one DAG wait for the mirror of what its object just wrote", async () => {
    await deployment.request("GET", RUNS);
    expect(deployment.dag("etl").waits).toBe(1);
  });

  it("go over all DAGs with ~ and over those of a batch body", async () => {
    await deployment.request("GET", "/api/v2/dags/~/dagRuns?limit=1");
    expect(deployment.history.asked.at(-1)).toMatchObject([{ dagIds: undefined }, { limit: 1 }]);
    const batch = await deployment.request("POST", "/api/v2/dags/~/dagRuns/list", {
      dag_ids: ["etl"],
      states: ["success", null],
      page_limit: 5,
      page_offset: 1,
    });
    expect(await batch.json()).toMatchObject({ total_entries: 1 });
    expect(deployment.history.asked.at(-1)).toMatchObject([
      { dagIds: ["etl"], states: ["success"] },
      { limit: 5, offset: 1 },
    ]);
  });

  it.each([
    ["GET", `${RUNS}?state=nonsense`, undefined, 422],
    ["GET", `${RUNS}?order_by=password`, undefined, 400],
    ["GET", `${RUNS}?logical_date_gte=yesterday`, undefined, 422],
    ["GET", "/api/v2/dags/nope/dagRuns", undefined, 404],
    ["POST", `${RUNS}/list`, {}, 422],
    ["POST", "/api/v2/dags/~/dagRuns/list", { page_limit: -1 }, 422],
  ])("%s %s %j answers an error", async (method, path, body, status) => {
    expect((await deployment.request(method, path, body)).status).toBe(status);
  });
});
