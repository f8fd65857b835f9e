/**
 * @module DAGs, tasks, versions, sources, warnings and import errors over HTTP.
 */
import { DAGCollectionResponse, DAGDetailsResponse, DAGResponse } from "../../../src/api/schemas/dags.ts";
import { DAGVersionCollectionResponse } from "../../../src/api/schemas/dag-versions.ts";
import {
  DAGSourceResponse,
  DAGTagCollectionResponse,
  DAGWarningCollectionResponse,
  DagStatsCollectionResponse,
  ImportErrorCollectionResponse,
} from "../../../src/api/schemas/dag-sources.ts";
import { HealthInfoResponse } from "../../../src/api/schemas/monitor.ts";
import { TaskCollectionResponse } from "../../../src/api/schemas/tasks.ts";
import { aDagSpec, aTaskSpec } from "../../support/spec-builders.ts";
import { beforeEach, describe, expect, it } from "vitest";
import { FakeDeployment } from "../../support/api-fakes.ts";
import { START } from "../../support/runtime-fakes.ts";

const etl = aDagSpec({
  dagId: "etl",
  displayName: "ETL",
  description: "customers",
  tags: ["etl"],
  relativeFileloc: "etl.ts",
  scheduleText: "0 2 * * *",
  schedule: { kind: "cron-trigger", crons: ["0 2 * * *"], timezone: "UTC" },
  startDate: { daysAgo: 1 },
  dagrunTimeoutMs: 3_600_000,
  params: { region: { schema: { type: "string" }, value: "eu", description: "where" } },
  warnings: ["DAG etl: option x has no effect yet"],
  tasks: [
    aTaskSpec({ taskId: "load", upstream: ["extract"], retryDelayMs: 90_500, executionTimeoutMs: 90_000_000 }),
    aTaskSpec({ taskId: "extract", retries: 2, docMd: "# reads" }),
  ],
});

let deployment: FakeDeployment;
beforeEach(() => {
  deployment = new FakeDeployment([etl, aDagSpec({ dagId: "other" })]);
});
const get = async (path: string) => await deployment.request("GET", path);

describe("GET /dags", () => {
  it("answers Airflow's fields and the total", async () => {
    const body = await (await get("/api/v2/dags?limit=1")).json();
    expect(DAGCollectionResponse.parse(body)).toEqual(body);
    expect(body).toMatchObject({
      total_entries: 2,
      dags: [
        {
          dag_id: "etl",
          dag_display_name: "ETL",
          timetable_summary: "0 2 * * *",
          tags: [{ name: "etl", dag_id: "etl" }],
        },
      ],
    });
  });

  it("hands filters and order on to the history", async () => {
    await get(
      "/api/v2/dags?dag_id_pattern=et%25&tags=a&tags=b&tags_match_mode=all&paused=false&owners=me&order_by=-dag_id&order_by=next_dagrun&limit=1000&offset=3",
    );
    expect(deployment.history.asked.at(-1)).toMatchObject([
      { dagIdPattern: "et%", tags: ["a", "b"], tagsMatch: "all", paused: false, owners: ["me"], excludeStale: true },
      {
        limit: 100,
        offset: 3,
        order: [
          { by: "dag_id", descending: true },
          { by: "next_dagrun", descending: false },
        ],
      },
    ]);
  });

  it.each([
    [
      "order_by=constructor",
      400,
      "Ordering with 'constructor' is disallowed or the attribute does not exist on the model",
    ],
    [
      "limit=-1",
      422,
      [
        {
          type: "greater_than_equal",
          loc: ["query", "limit"],
          msg: "Input should be greater than or equal to 0",
          input: "-1",
          ctx: { ge: 0 },
        },
      ],
    ],
    [
      "limit=x",
      422,
      [
        {
          type: "int_parsing",
          loc: ["query", "limit"],
          msg: "Input should be a valid integer, unable to parse string as an integer",
          input: "x",
        },
      ],
    ],
    [
      "tags_match_mode=most",
      422,
      [
        {
          type: "enum",
          loc: ["query", "tags_match_mode"],
          msg: "Input should be 'any' or 'all'",
          input: "most",
          ctx: { expected: "'any' or 'all'" },
        },
      ],
    ],
    [
      "paused=maybe",
      422,
      [
        {
          type: "bool_parsing",
          loc: ["query", "paused"],
          msg: "Input should be a valid boolean, unable to interpret input",
          input: "maybe",
        },
      ],
    ],
  ])("refuses %s", async (query, status, detail) => {
    const answer = await get(`/api/v2/dags?${query}`);
    expect(answer.status).toBe(status);
    expect(await answer.json()).toEqual({ detail });
  });

  it.each(["dag_id_prefix_pattern=e", "bundle_name=x", "dag_run_start_date_gte=2025-01-01T00:00:00Z"])(
    "refuses the filter %s that it does not have, and ignores what is no filter",
    async (query) => {
      expect((await get(`/api/v2/dags?${query}`)).status).toBe(400);
      expect((await get("/api/v2/dags?cache_buster=1&last_dag_run_state=failed")).status).toBe(200);
    },
  );

  it("limit=0 is an empty list with the true total", async () => {
    expect(await (await get("/api/v2/dags?limit=0")).json()).toEqual({ dags: [], total_entries: 2 });
  });
});

describe("one DAG", () => {
  it("shows details as the author wrote them", async () => {
    const body = await (await get("/api/v2/dags/etl/details")).json();
    expect(DAGDetailsResponse.parse(body)).toEqual(body);
    expect(body).toMatchObject({
      dag_run_timeout: "PT3600S",
      start_date: "2026-01-30T00:00:00Z",
      timezone: "UTC",
      catchup: false,
      params: { region: { value: "eu", schema: { type: "string" }, description: "where" } },
      latest_dag_version: { version_number: 1, bundle_version: "b1" },
    });
  });

  it("that is unknown answers Airflow's 404", async () => {
    const answer = await get("/api/v2/dags/no_such_dag");
    expect(answer.status).toBe(404);
    expect(await answer.json()).toEqual({ detail: "The Dag with ID: `no_such_dag` was not found" });
  });

  it("is paused by PATCH, also when its object never saw it", async () => {
    const answer = await deployment.request("PATCH", "/api/v2/dags/etl?update_mask=is_paused", { is_paused: true });
    const body = await answer.json();
    expect(DAGResponse.parse(body)).toMatchObject({ is_paused: true });
    expect(deployment.dag("etl")).toMatchObject({ paused: true, specHash: "hash-of-etl" });
    expect(await (await get("/api/v2/dags/etl")).json()).toMatchObject({ is_paused: true });
  });

  it.each([
    ["?update_mask=tags", { is_paused: true }, 400],
    ["", { is_paused: "perhaps" }, 422],
    ["", { is_paused: true, tags: [] }, 422],
    ["", {}, 422],
  ])("refuses PATCH %s %j", async (query, body, status) => {
    expect((await deployment.request("PATCH", `/api/v2/dags/etl${query}`, body)).status).toBe(status);
    expect(deployment.dag("etl").paused).toBe(false);
  });

  it("is paused together with others by pattern", async () => {
    const answer = await deployment.request("PATCH", "/api/v2/dags?dag_id_pattern=~", { is_paused: true });
    expect(await answer.json()).toMatchObject({ total_entries: 2, dags: [{ is_paused: true }, { is_paused: true }] });
    expect(deployment.dag("other").paused).toBe(true);
  });
});

describe("tasks", () => {
  it("are listed by id with their options", async () => {
    const body = await (await get("/api/v2/dags/etl/tasks")).json();
    expect(TaskCollectionResponse.parse(body)).toEqual(body);
    expect(body).toMatchObject({
      total_entries: 2,
      tasks: [
        { task_id: "extract", retries: 2, downstream_task_ids: ["load"], doc_md: "# reads", is_mapped: false },
        {
          task_id: "load",
          retry_delay: { days: 0, seconds: 90, microseconds: 500_000 },
          execution_timeout: { days: 1, seconds: 3600, microseconds: 0 },
        },
      ],
    });
  });

  it.each([
    ["/api/v2/dags/etl/tasks/nope", "Task with id nope was not found"],
    ["/api/v2/dags/nope/tasks", "Dag with id nope was not found"],
  ])("%s is 404", async (path, detail) => {
    const answer = await get(path);
    expect([answer.status, await answer.json()]).toEqual([404, { detail }]);
  });
});

describe("what surrounds a DAG", () => {
  it("versions, source, tags, warnings and stats", async () => {
    deployment.history.runs = [
      {
        run: (await import("../../support/spec-builders.ts")).aDagRunHead({ dagId: "etl", state: "success" }),
        displayName: "ETL",
        version: null,
      },
    ];
    const versions = await (await get("/api/v2/dags/etl/dagVersions")).json();
    expect(DAGVersionCollectionResponse.parse(versions)).toEqual(versions);
    expect(DAGSourceResponse.parse(await (await get("/api/v2/dagSources/etl")).json())).toEqual({
      content: "// etl",
      dag_id: "etl",
      version_number: 1,
      dag_display_name: "ETL",
    });
    expect((await get("/api/v2/dagSources/etl?version_number=2")).status).toBe(404);
    expect(DAGTagCollectionResponse.parse(await (await get("/api/v2/dagTags")).json())).toEqual({
      tags: ["etl"],
      total_entries: 1,
    });
    const warnings = await (await get("/api/v2/dagWarnings?dag_id=etl")).json();
    expect(DAGWarningCollectionResponse.parse(warnings)).toMatchObject({
      total_entries: 1,
      dag_warnings: [{ message: "DAG etl: option x has no effect yet" }],
    });
    const stats = await (await get("/api/v2/dagStats?dag_ids=etl")).json();
    expect(DagStatsCollectionResponse.parse(stats).dags[0]?.stats).toContainEqual({ state: "success", count: 1 });
  });

  it("import errors", async () => {
    deployment.history.importErrors.push({ id: 4, filename: "broken.ts", message: "SyntaxError: boom", seenAt: START });
    expect(ImportErrorCollectionResponse.parse(await (await get("/api/v2/importErrors")).json())).toEqual({
      import_errors: [
        {
          import_error_id: 4,
          timestamp: "2026-01-31T02:00:00Z",
          filename: "broken.ts",
          bundle_name: "dags-folder",
          stack_trace: "SyntaxError: boom",
        },
      ],
      total_entries: 1,
    });
    expect((await get("/api/v2/importErrors/4")).status).toBe(200);
    expect(await (await get("/api/v2/importErrors/5")).json()).toEqual({
      detail: "The ImportError with import_error_id: `5` was not found",
    });
  });

  it("health tells the clock's last tick, and when it is overdue", async () => {
    const healthy = await (await get("/api/v2/monitor/health")).json();
    expect(HealthInfoResponse.parse(healthy)).toMatchObject({
      metadatabase: { status: "healthy" },
      scheduler: { status: "healthy", latest_scheduler_heartbeat: "2026-01-31T02:00:00Z" },
    });
    deployment.now = START + 200_000;
    expect(await (await get("/api/v2/monitor/health")).json()).toMatchObject({ scheduler: { status: "unhealthy" } });
  });
});
