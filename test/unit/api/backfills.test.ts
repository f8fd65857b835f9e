/**
 * @module Backfills over HTTP, in front of a real DAG host: Airflow's bodies, statuses and texts.
 */
import { beforeEach, describe, expect, it } from "vitest";
import {
  BackfillCollectionResponse,
  BackfillProgressResponse,
  BackfillResponse,
  DryRunBackfillCollectionResponse,
} from "../../../src/api/schemas/backfills.ts";
import { FakeDeployment } from "../../support/api-fakes.ts";
import { DagHostWorld } from "../../support/dag-host-world.ts";
import { aDagSpec, aTaskSpec } from "../../support/spec-builders.ts";

const PATH = "/api/v2/backfills";
const SPEC = aDagSpec({
  dagId: "etl",
  displayName: "E T L",
  schedule: { kind: "cron-trigger", crons: ["0 0 * * *"], timezone: "UTC" },
  params: { n: { schema: { type: "integer" }, value: 1, description: null } },
  tasks: [aTaskSpec({ taskId: "a" })],
});
const BODY = { dag_id: "etl", from_date: "2026-01-01T00:00:00Z", to_date: "2026-01-03T00:00:00+00:00" };
let deployment: FakeDeployment;
let world: DagHostWorld;

beforeEach(() => {
  deployment = new FakeDeployment([SPEC, aDagSpec({ dagId: "by_hand" })]);
  world = new DagHostWorld(SPEC, false);
  deployment.dag("etl").onBackfill = (order) => world.host.backfill(order);
  const { api } = deployment.dag("etl");
  Object.assign(api, { syncSpec: async (...given: Parameters<typeof api.syncSpec>) => world.host.syncSpec(...given) });
});

async function send(method: string, path: string, body?: unknown) {
  const answer = await deployment.request(method, path, body);
  return { status: answer.status, json: await answer.json<Record<string, unknown>>() };
}

describe("dry run", () => {
  it("lists the dates and makes nothing", async () => {
    const { status, json } = await send("POST", `${PATH}/dry_run`, { ...BODY, run_backwards: true });
    expect(status).toBe(200);
    expect(DryRunBackfillCollectionResponse.parse(json)).toEqual({
      backfills: ["03", "02", "01"].map((day) => ({
        logical_date: `2026-01-${day}T00:00:00Z`,
        partition_key: null,
        partition_date: null,
      })),
      total_entries: 3,
    });
    expect(world.runs.size).toBe(0);
  });
});

describe("create", () => {
  it("answers the backfill, whose runs start; a second one is 409 while it is open", async () => {
    const { status, json } = await send("POST", PATH, { ...BODY, dag_run_conf: { n: 2 }, max_active_runs: 2 });
    expect(status).toBe(200);
    expect(BackfillResponse.parse(json)).toEqual({
      id: 1,
      dag_id: "etl",
      dag_display_name: "E T L",
      from_date: "2026-01-01T00:00:00Z",
      to_date: "2026-01-03T00:00:00Z",
      dag_run_conf: { n: 2 },
      is_paused: false,
      reprocess_behavior: "none",
      max_active_runs: 2,
      created_at: "2026-01-10T10:00:00Z",
      updated_at: "2026-01-10T10:00:00Z",
      completed_at: null,
    });
    await world.quiet();
    expect(world.runs.size).toBe(2);
    expect(await send("POST", PATH, BODY)).toEqual({
      status: 409,
      json: { detail: "There is already a running backfill for dag etl" },
    });
    // Nothing is left of the refused one.
    expect([...deployment.backfills.owners]).toEqual([[1, "etl"]]);
  });

  it.each([
    [404, { dag_id: "nobody" }, "Could not find dag nobody"],
    [
      422,
      { from_date: "2026-01-04T00:00:00Z" },
      "from_date (2026-01-04T00:00:00+00:00) must not be after to_date (2026-01-03T00:00:00+00:00).",
    ],
    [
      422,
      { from_date: "2027-01-01T00:00:00Z", to_date: "2027-01-02T00:00:00Z" },
      "Backfill cannot be executed for future dates.",
    ],
    [422, { dag_run_conf: { n: "x" } }, expect.stringContaining("Param 'n' of DAG etl")],
    [422, { max_active_runs: 0 }, "max_active_runs (0) must be at least 1."],
    [
      422,
      { reprocess_behavior: "some" },
      [expect.objectContaining({ type: "enum", loc: ["body", "reprocess_behavior"] })],
    ],
    [422, { to_date: "tomorrow" }, [expect.objectContaining({ type: "datetime_parsing", loc: ["body", "to_date"] })]],
    [422, { colour: 1 }, [expect.objectContaining({ type: "extra_forbidden" })]],
  ])("%i for %j", async (status, over, detail) => {
    expect(await send("POST", PATH, { ...BODY, ...over })).toEqual({ status, json: { detail } });
    expect(deployment.backfills.owners.size).toBe(0);
  });

  it("422 for a DAG without a grid of times", async () => {
    const host = new DagHostWorld(aDagSpec({ dagId: "by_hand" })).host;
    host.syncSpec(aDagSpec({ dagId: "by_hand" }), "hash-of-by_hand");
    deployment.dag("by_hand").onBackfill = (order) => host.backfill(order);
    expect(await send("POST", `${PATH}/dry_run`, { ...BODY, dag_id: "by_hand" })).toEqual({
      status: 422,
      json: { detail: "by_hand has a non-periodic schedule that does not support backfills" },
    });
  });
});

describe("one backfill", () => {
  it("is read, paused, unpaused and cancelled; then every order is 409", async () => {
    await send("POST", PATH, BODY);
    expect(await send("GET", `${PATH}/1`)).toMatchObject({ status: 200, json: { id: 1, is_paused: false } });
    expect(await send("PUT", `${PATH}/1/pause`)).toMatchObject({ status: 200, json: { is_paused: true } });
    expect(await send("PUT", `${PATH}/1/pause`)).toMatchObject({ status: 200, json: { is_paused: true } });
    expect(await send("PUT", `${PATH}/1/unpause`)).toMatchObject({ status: 200, json: { is_paused: false } });
    expect(await send("PUT", `${PATH}/1/cancel`)).toMatchObject({
      status: 200,
      json: { completed_at: "2026-01-10T10:00:00Z" },
    });
    for (const kind of ["pause", "unpause", "cancel"]) {
      // In turn, as a client would.
      // oxlint-disable-next-line no-await-in-loop
      expect(await send("PUT", `${PATH}/1/${kind}`)).toEqual({
        status: 409,
        json: { detail: "Backfill is already completed." },
      });
    }
  });

  it("shows how far it is", async () => {
    await send("POST", PATH, { ...BODY, max_active_runs: 1 });
    const { json } = await send("GET", "/api/airflare/v1/backfills/1/progress");
    expect(BackfillProgressResponse.parse(json)).toMatchObject({ id: 1, total: 3, left: 2, running: 1, success: 0 });
  });

  it("404 and 422 for ids that are none", async () => {
    expect(await send("GET", `${PATH}/9`)).toEqual({ status: 404, json: { detail: "Backfill not found" } });
    expect(await send("PUT", `${PATH}/9/pause`)).toEqual({
      status: 404,
      json: { detail: "Could not find backfill with id 9" },
    });
    expect(await send("GET", `${PATH}/x`)).toMatchObject({
      status: 422,
      json: { detail: [{ loc: ["path", "backfill_id"] }] },
    });
  });
});

describe("the list", () => {
  it("is of one DAG, which must be named", async () => {
    await send("POST", PATH, BODY);
    const made = world.host.backfill({ kind: "read", backfillId: 1 });
    deployment.backfills.rows = made.kind === "backfill" ? [made.backfill] : [];
    const { json } = await send("GET", `${PATH}?dag_id=etl&order_by=-id`);
    expect(BackfillCollectionResponse.parse(json)).toMatchObject({ backfills: [{ id: 1 }], total_entries: 1 });
    expect(await send("GET", `${PATH}?dag_id=by_hand`)).toMatchObject({ json: { backfills: [], total_entries: 0 } });
    expect(await send("GET", PATH)).toMatchObject({
      status: 422,
      json: { detail: [{ type: "missing", loc: ["query", "dag_id"] }] },
    });
    expect(await send("GET", `${PATH}?dag_id=etl&order_by=dag_id`)).toMatchObject({ status: 400 });
  });
});
