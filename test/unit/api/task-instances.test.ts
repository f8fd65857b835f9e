/**
 * @module Task instances over HTTP: reading, listing, tries, dependencies, marking, clearing, logs, why and cost.
 */
import {
  TaskDependencyCollectionResponse,
  TaskInstanceCollectionResponse,
  TaskInstanceHistoryCollectionResponse,
  TaskInstanceResponse,
} from "../../../src/api/schemas/task-instances.ts";
import { aDagRunHead, aDagSpec, aTaskSpec } from "../../support/spec-builders.ts";
import { beforeEach, describe, expect, it } from "vitest";
import type { FakeDagRun } from "../../support/api-fakes.ts";
import { FakeDeployment } from "../../support/api-fakes.ts";
import { START } from "../../support/runtime-fakes.ts";

const RUN = "/api/v2/dags/etl/dagRuns/r1";
const DATE = Date.UTC(2025, 0, 2);
let deployment: FakeDeployment;
let run: FakeDagRun;

function madeRun(runId: string, logicalDate: number | null): FakeDagRun {
  const made = deployment.run("etl", runId);
  made.head = aDagRunHead({ dagId: "etl", runId, logicalDate, specHash: "hash-of-etl", state: "success" });
  made.spec = spec;
  made.put("push", "success", { tryNumber: 1, maxTries: 3, queuedAt: START, startedAt: START, endedAt: START + 2_000 });
  made.put("show", "none", { maxTries: 1 });
  for (const mapIndex of [0, 1, 2])
    made.put("each", mapIndex === 1 ? "failed" : "success", { mapIndex, tryNumber: 1, startedAt: START + mapIndex });
  deployment.dag("etl").heads.set(runId, made.head);
  return made;
}

const spec = aDagSpec({
  dagId: "etl",
  tasks: [
    aTaskSpec({ taskId: "push", pool: "small", retries: 2 }),
    aTaskSpec({ taskId: "show", upstream: ["push"], displayName: "Show" }),
    aTaskSpec({ taskId: "each", expand: { kind: "product", over: {} } }),
  ],
});

beforeEach(() => {
  deployment = new FakeDeployment([spec]);
  run = madeRun("r1", DATE);
});
const get = async (path: string) => await deployment.request("GET", `${RUN}/taskInstances${path}`);
const ids = async (answer: Response) =>
  TaskInstanceCollectionResponse.parse(await answer.json()).task_instances.map((ti) => `${ti.task_id}/${ti.map_index}`);

describe("reading", () => {
  it("one instance with Airflow's fields", async () => {
    const body = await (await get("/push")).json();
    expect(TaskInstanceResponse.parse(body)).toEqual(body);
    expect(body).toMatchObject({
      state: "success",
      try_number: 1,
      max_tries: 2,
      map_index: -1,
      duration: 2,
      pool: "small",
      dag_version: { version_number: 1 },
      start_date: "2026-01-31T02:00:00Z",
      note: null,
    });
    expect(await (await get("/show")).json()).toMatchObject({
      state: null,
      start_date: null,
      duration: null,
      task_display_name: "Show",
    });
  });

  it.each([
    ["/each", "Task instance is mapped, add the map_index value to the URL"],
    ["/nope", "The Task Instance with dag_id: `etl`, run_id: `r1` and task_id: `nope` was not found"],
    [
      "/each/9",
      "The Mapped Task Instance with dag_id: `etl`, run_id: `r1`, task_id: `each`, and map_index: `9` was not found",
    ],
    [
      "/nope/tries",
      "The Task Instance with dag_id: `etl`, run_id: `r1`, task_id: `nope` and map_index: `-1` was not found",
    ],
    ["/push/listMapped", "Task id push is not mapped"],
    ["/nope/listMapped", "Task id nope not found"],
    ["/push/logs/2", "TaskInstance not found"],
  ])("%s is 404", async (path, detail) => {
    const answer = await get(path);
    expect([answer.status, await answer.json()]).toEqual([404, { detail }]);
  });

  it("a mapped instance by its index, and all of them", async () => {
    expect(await (await get("/each/1")).json()).toMatchObject({ map_index: 1, state: "failed" });
    expect(await ids(await get("/each/listMapped?order_by=-map_index&limit=2"))).toEqual(["each/2", "each/1"]);
  });

  it("the list of a run, paged and filtered", async () => {
    const body = await (await get("")).json();
    expect(TaskInstanceCollectionResponse.parse(body)).toEqual(body);
    expect(body).toMatchObject({ total_entries: 5 });
    expect(await ids(await get("?limit=2&offset=1"))).toEqual(["show/-1", "each/0"]);
    expect(await ids(await get("?state=failed&state=no_status"))).toEqual(["show/-1", "each/1"]);
    expect(await ids(await get("?pool=small"))).toEqual(["push/-1"]);
    expect(await ids(await get("?order_by=-start_date&task_id=each"))).toEqual(["each/2", "each/1", "each/0"]);
    expect(await ids(await get("?start_date_gt=2026-01-31T02:00:00.001Z"))).toEqual(["each/2"]);
    expect(await (await get("?limit=0")).json()).toMatchObject({ task_instances: [], total_entries: 5 });
    expect((await get("?state=nonsense")).status).toBe(422);
  });

  it("lists across runs from the history", async () => {
    const view = run.views[0];
    if (view !== undefined && run.head !== null)
      deployment.history.instances = [{ view, run: run.head, task: null, displayName: "etl", version: null }];
    const batch = await deployment.request("POST", "/api/v2/dags/~/dagRuns/~/taskInstances/list", {
      dag_ids: ["etl"],
      dag_run_ids: ["r1"],
      state: ["success", null],
    });
    expect(await batch.json()).toMatchObject({
      total_entries: 1,
      task_instances: [{ task_id: "push", dag_run_id: "r1" }],
    });
    expect(deployment.history.asked.at(-1)).toMatchObject([
      { dagIds: ["etl"], runIds: ["r1"], states: ["success", "none"] },
      { limit: 100 },
    ]);
    await deployment.request("GET", "/api/v2/dags/etl/dagRuns/~/taskInstances?task_id=push");
    expect(deployment.history.asked.at(-1)).toMatchObject([{ dagIds: ["etl"], taskIds: ["push"] }, {}]);
  });

  it("tries: ended ones and the current one, each once", async () => {
    const ended = { ord: 0, queuedAt: START, startedAt: START, endedAt: START + 1_000, error: "boom" };
    run.tries.push({ ...ended, tryNumber: 1, state: "failed" });
    run.put("push", "success", { tryNumber: 2 });
    const body = await (await get("/push/tries")).json();
    expect(TaskInstanceHistoryCollectionResponse.parse(body)).toEqual(body);
    expect(body).toMatchObject({
      total_entries: 2,
      task_instances: [
        { try_number: 1, state: "failed", duration: 1 },
        { try_number: 2, state: "success" },
      ],
    });
    // Cleared, not started again: the ended try stays what it was.
    run.tries.push({ ...ended, tryNumber: 2, state: "success" });
    run.put("push", "none", { tryNumber: 2 });
    expect(await (await get("/push/tries")).json()).toMatchObject({
      total_entries: 2,
      task_instances: [{}, { try_number: 2, state: "success" }],
    });
    expect(await (await get("/push/tries/1")).json()).toMatchObject({ state: "failed" });
    expect((await get("/push/tries/7")).status).toBe(404);
  });

  it("dependencies only while the instance waits; why says them always", async () => {
    run.deps = [
      { dep: "Trigger Rule", passed: false, reason: "push is not done" },
      { dep: "Dag Paused", passed: true, reason: "" },
    ];
    expect(TaskDependencyCollectionResponse.parse(await (await get("/show/dependencies")).json())).toEqual({
      dependencies: [{ name: "Trigger Rule", reason: "push is not done" }],
    });
    expect(await (await get("/push/dependencies")).json()).toEqual({ dependencies: [] });
    const why = await deployment.request("GET", "/api/airflare/v1/dags/etl/dagRuns/r1/taskInstances/show/why");
    expect(await why.json()).toMatchObject({
      state: null,
      deps: [{ name: "Trigger Rule", passed: false, reason: "push is not done" }, { passed: true }],
    });
  });

  it("cost tells the run's usage", async () => {
    const answer = await deployment.request("GET", "/api/airflare/v1/dags/etl/dagRuns/r1/cost");
    expect(await answer.json()).toEqual({
      dag_id: "etl",
      dag_run_id: "r1",
      object_calls: 3,
      queue_messages: 1,
      rows_written: 7,
      alarms: 0,
      r2_writes: 0,
    });
  });
});

describe("marking", () => {
  const patch = async (path: string, body: object) =>
    await deployment.request("PATCH", `${RUN}/taskInstances${path}`, body);

  it("answers a collection; the dry run changes nothing", async () => {
    expect(await (await patch("/show/dry_run", { new_state: "failed" })).json()).toMatchObject({ total_entries: 1 });
    expect(await (await get("/show")).json()).toMatchObject({ state: null });
    expect(await (await patch("/show", { new_state: "failed" })).json()).toMatchObject({
      total_entries: 1,
      task_instances: [{ state: "failed" }],
    });
  });

  it("sets notes within the mask, and state and note together", async () => {
    expect(await (await patch("/show?update_mask=note", { new_state: "failed", note: "n1" })).json()).toMatchObject({
      task_instances: [{ state: null, note: "n1" }],
    });
    expect(await (await patch("/show", { new_state: "success", note: "n2" })).json()).toMatchObject({
      task_instances: [{ state: "success", note: "n2" }],
    });
  });

  it("means one mapped instance by path or by query, else all of them", async () => {
    expect(await ids(await patch("/each/1", { new_state: "success" }))).toEqual(["each/1"]);
    expect(await ids(await patch("/each?map_index=2", { new_state: "skipped" }))).toEqual(["each/2"]);
    expect(await ids(await patch("/each", { new_state: "success" }))).toEqual(["each/0", "each/1", "each/2"]);
  });

  it("goes to past and future runs by logical date", async () => {
    madeRun("r0", DATE - 86_400_000);
    madeRun("r2", DATE + 86_400_000);
    const runIds = async (body: object) =>
      TaskInstanceCollectionResponse.parse(
        await (await patch("/show/dry_run", { new_state: "failed", ...body })).json(),
      )
        .task_instances.map((ti) => ti.dag_run_id)
        .toSorted();
    expect(await runIds({ include_past: true })).toEqual(["r0", "r1"]);
    expect(await runIds({ include_future: true })).toEqual(["r1", "r2"]);
    expect(await runIds({ include_past: true, include_future: true })).toEqual(["r0", "r1", "r2"]);
  });

  it("refuses past and future without a logical date", async () => {
    run.head = aDagRunHead({ dagId: "etl", runId: "r1", logicalDate: null, specHash: "hash-of-etl" });
    expect((await patch("/show", { new_state: "failed", include_past: true })).status).toBe(400);
  });

  it.each([
    [{ new_state: "queued" }, "Value error, 'queued' is not in ['success', 'failed', 'skipped']"],
    [{ new_state: null }, "Value error, 'new_state' should not be empty"],
  ])("refuses %j", async (body, msg) => {
    const answer = await patch("/show", body);
    expect(answer.status).toBe(422);
    expect(await answer.json()).toMatchObject({ detail: [{ loc: ["body", "new_state"], msg }] });
  });
});

describe("clearTaskInstances", () => {
  const clear = async (body: object) => await deployment.request("POST", "/api/v2/dags/etl/clearTaskInstances", body);

  it("is a dry run of failed instances by default", async () => {
    await clear({ dag_run_id: "r1" });
    expect(run.commands).toMatchObject([
      {
        kind: "clear",
        dryRun: true,
        options: {
          onlyFailed: true,
          onlyRunning: false,
          resetDagRun: true,
          select: [{ taskId: "push" }, { taskId: "show" }, { taskId: "each" }],
        },
      },
    ]);
  });

  it("clears the named tasks and map indexes", async () => {
    const answer = await clear({
      dag_run_id: "r1",
      dry_run: false,
      only_failed: false,
      task_ids: ["show", ["each", 1], "gone"],
    });
    expect(await ids(answer)).toEqual(["show/-1", "each/1"]);
    expect(run.put("each", "none", { mapIndex: 1 }).state).toBe("none");
  });

  it("clears every run in a range of logical dates", async () => {
    madeRun("r0", DATE - 86_400_000);
    madeRun("r2", DATE + 86_400_000);
    const answer = await clear({
      only_failed: false,
      task_ids: ["show"],
      start_date: "2025-01-02T00:00:00Z",
      end_date: "2025-01-02T12:00:00Z",
    });
    expect(await answer.json()).toMatchObject({ total_entries: 1, task_instances: [{ dag_run_id: "r1" }] });
  });

  it("refuses with 409 when a running task is to be left alone", async () => {
    run.put("show", "running");
    const answer = await clear({
      dag_run_id: "r1",
      dry_run: false,
      only_failed: false,
      task_ids: ["show"],
      prevent_running_task: true,
    });
    expect(answer.status).toBe(409);
    expect(run.commands.every((command) => command.kind === "clear" && command.dryRun)).toBe(true);
  });

  it("run_on_latest_version gives each run the deployed spec before it clears", async () => {
    run.commands.length = 0;
    await clear({ run_on_latest_version: true, dry_run: false, dag_run_id: "r1" });
    expect(run.commands.map(({ kind }) => kind)).toEqual(["sync-spec", "clear"]);
  });

  it.each([
    [{ dag_run_id: "nope" }, 404],
    [{ task_ids: [7] }, 422],
    [{ start_date: "2025-01-02T00:00:00Z", end_date: "2025-01-01T00:00:00Z" }, 422],
  ])("refuses %j", async (body, status) => {
    expect((await clear(body)).status).toBe(status);
  });
});

describe("logs", () => {
  beforeEach(() => {
    for (let line = 0; line < 1_500; line++)
      run.logLines.push(
        JSON.stringify({ timestamp: "2026-01-31T02:00:00.000Z", level: "info", event: `line ${line}`, logger: "task" }),
      );
  });
  interface Page {
    content: { event: string }[];
    continuation_token: string | null;
  }
  const page = async (query: string) => await (await get(`/push/logs/1${query}`)).json<Page>();

  it("come in pages with a token, or whole", async () => {
    const first = await page("");
    expect([first.content.length, first.content[0]?.event]).toEqual([1_000, "line 0"]);
    const second = await page(`?token=${first.continuation_token}`);
    expect([second.content.length, second.content[0]?.event, second.continuation_token]).toEqual([
      500,
      "line 1000",
      null,
    ]);
    expect((await page("?full_content=true")).content).toHaveLength(1_500);
  });

  it("come as lines of JSON", async () => {
    const answer = await deployment.request("GET", `${RUN}/taskInstances/push/logs/1`, undefined, {
      headers: { accept: "application/x-ndjson" },
    });
    expect(answer.headers.get("content-type")).toBe("application/x-ndjson");
    expect((await answer.text()).trimEnd().split("\n")).toEqual(run.logLines);
  });

  it("show a line that was cut off, and refuse a token of somebody else", async () => {
    run.logLines.splice(0, 1_500, '{"event": "cut o');
    expect((await page("")).content).toEqual([{ event: '{"event": "cut o' }]);
    expect((await get("/push/logs/1?token=bad")).status).toBe(400);
  });
});
