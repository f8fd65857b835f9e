/**
 * @module Schedules made at run time over HTTP, in front of a real DAG host.
 */
import { beforeEach, describe, expect, it } from "vitest";
import { ScheduleCollectionResponse, ScheduleResponse } from "../../../src/api/schemas/schedules.ts";
import { FakeDeployment } from "../../support/api-fakes.ts";
import { DagHostWorld } from "../../support/dag-host-world.ts";
import { aDagSpec } from "../../support/spec-builders.ts";

const PATH = "/api/airflare/v1/schedules";
const SPEC = aDagSpec({
  dagId: "report",
  params: { n: { schema: { type: "integer" }, value: 1, description: null } },
});
let deployment: FakeDeployment;
let world: DagHostWorld;

beforeEach(() => {
  deployment = new FakeDeployment([SPEC, aDagSpec({ dagId: "other" })]);
  world = new DagHostWorld(SPEC);
  deployment.now = world.now;
  deployment.dag("report").onSchedule = (order) => world.host.schedule(order);
  const { api } = deployment.dag("report");
  Object.assign(api, { syncSpec: async (...given: Parameters<typeof api.syncSpec>) => world.host.syncSpec(...given) });
});

async function send(method: string, path: string, body?: unknown) {
  const answer = await deployment.request(method, path, body);
  const text = await answer.text();
  return { status: answer.status, json: text === "" ? null : (JSON.parse(text) as Record<string, unknown>) };
}

const create = (over: object = {}) => send("POST", PATH, { id: "s1", dag_id: "report", cron: "0 * * * *", ...over });

describe("create", () => {
  it("answers the schedule with its next run", async () => {
    const { status, json } = await create({ timezone: "Europe/Berlin", conf: { n: 5 }, key: "tenant-42" });
    expect(status).toBe(201);
    expect(ScheduleResponse.parse(json)).toEqual({
      id: "s1",
      dag_id: "report",
      cron: "0 * * * *",
      every: null,
      at: null,
      timezone: "Europe/Berlin",
      conf: { n: 5 },
      key: "tenant-42",
      overlap: "queue",
      paused: false,
      end: null,
      next_run: "2026-01-10T11:00:00Z",
      last_run: null,
      last_run_id: null,
      created_by: "admin",
      created_at: "2026-01-10T10:00:00Z",
      updated_at: "2026-01-10T10:00:00Z",
    });
    expect(await send("GET", `${PATH}/s1`)).toEqual({ status: 200, json });
  });

  it("takes every and at, makes an id, and accepts a cron that never fires", async () => {
    const every = await create({ id: undefined, cron: undefined, every: "90s", paused: true });
    expect(every.json).toMatchObject({ every: "90s", timezone: null, paused: true, next_run: null });
    expect(every.json?.["id"]).toMatch(/^[\da-f-]{36}$/);
    const at = "2026-02-01T00:00:00Z";
    expect((await create({ cron: undefined, at })).json).toMatchObject({ at, next_run: at });
    expect((await create({ id: "s2", cron: "0 0 30 2 *" })).json).toMatchObject({ next_run: null });
  });

  it.each([
    [404, { dag_id: "nobody" }, "Dag with dag_id: 'nobody' not found"],
    [422, { cron: "61 * * * *" }, expect.stringContaining("minute")],
    [422, { timezone: "Mars/Olympus" }, expect.stringContaining('timezone "Mars/Olympus" is no time zone')],
    [422, { end: "2025-01-01T00:00:00Z" }, expect.stringContaining("end must be in the future")],
    [400, { conf: { n: "x" } }, expect.stringContaining("Param 'n' of DAG report")],
    [413, { conf: { text: "x".repeat(300_000) } }, expect.stringContaining("conf is larger")],
    [422, { cron: undefined }, [expect.objectContaining({ msg: "Value error, give one of cron, every, at" })]],
    [422, { every: "1h" }, [expect.objectContaining({ msg: "Value error, give only one of cron, every, at" })]],
    [
      422,
      { cron: undefined, every: "often" },
      [expect.objectContaining({ msg: expect.stringContaining('"often" is no duration') })],
    ],
    [422, { id: "a__b" }, [expect.objectContaining({ loc: ["body", "id"] })]],
    [422, { overlap: "maybe" }, [expect.objectContaining({ type: "enum" })]],
  ])("%i for %j", async (status, over, detail) => {
    expect(await create(over)).toEqual({ status, json: { detail } });
    expect(deployment.schedules.owners.size).toBe(0);
  });

  it("409 for an id that is taken, of the same or another DAG; the one that is there stays", async () => {
    await create();
    expect(await create({ cron: "5 * * * *" })).toMatchObject({ status: 409 });
    expect(await create({ dag_id: "other" })).toMatchObject({ status: 409 });
    expect(await send("GET", `${PATH}/s1`)).toMatchObject({ json: { dag_id: "report", cron: "0 * * * *" } });
  });
});

describe("one schedule", () => {
  it("is patched in what the body names; the next run is that of the new time", async () => {
    await create({ conf: { n: 5 } });
    expect(await send("PATCH", `${PATH}/s1`, { cron: "30 * * * *" })).toMatchObject({
      status: 200,
      json: { cron: "30 * * * *", conf: { n: 5 }, next_run: "2026-01-10T10:30:00Z" },
    });
    expect(await send("PATCH", `${PATH}/s1`, { cron: "0 9 * * *", timezone: "UTC" })).toMatchObject({ status: 200 });
    expect(await send("PATCH", `${PATH}/s1`, { timezone: "Asia/Tokyo" })).toMatchObject({
      json: { cron: "0 9 * * *", timezone: "Asia/Tokyo", next_run: "2026-01-11T00:00:00Z" },
    });
    expect(await send("PATCH", `${PATH}/s1`, { paused: true, overlap: "skip" })).toMatchObject({
      json: { paused: true, overlap: "skip", next_run: null },
    });
    expect(await send("PATCH", `${PATH}/s1`, { cron: "x" })).toMatchObject({ status: 422 });
    expect(await send("PATCH", `${PATH}/s1`, { dag_id: "other" })).toMatchObject({ status: 422 });
  });

  it("is deleted, and then it is 404", async () => {
    await create();
    expect(await send("DELETE", `${PATH}/s1`)).toEqual({ status: 204, json: null });
    for (const method of ["GET", "PATCH", "DELETE"]) {
      // oxlint-disable-next-line no-await-in-loop
      expect(await send(method, `${PATH}/s1`, method === "PATCH" ? {} : undefined)).toMatchObject({ status: 404 });
    }
    expect(await send("GET", `${PATH}/never`)).toEqual({
      status: 404,
      json: { detail: 'There is no schedule "never".' },
    });
  });
});

describe("the list", () => {
  it("is filtered by key and DAG", async () => {
    await create({ key: "t1" });
    const made = world.host.schedule({ kind: "read", scheduleId: "s1" });
    deployment.schedules.rows = made.kind === "schedule" ? [made.schedule] : [];
    const { json } = await send("GET", `${PATH}?key=t1&order_by=next_run`);
    expect(ScheduleCollectionResponse.parse(json)).toMatchObject({ schedules: [{ id: "s1" }], total_entries: 1 });
    expect(await send("GET", `${PATH}?key=t2`)).toMatchObject({ json: { total_entries: 0 } });
    expect(await send("GET", `${PATH}?dag_id=other`)).toMatchObject({ json: { total_entries: 0 } });
    expect(await send("GET", `${PATH}?order_by=conf`)).toMatchObject({ status: 400 });
  });
});
