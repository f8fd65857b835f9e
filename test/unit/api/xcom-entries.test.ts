/**
 * @module XComs over HTTP: reading in both notations, writing inline and to R2, deleting.
 */
import {
  XComCollectionResponse,
  XComResponseNative,
  XComResponseString,
} from "../../../src/api/schemas/xcom-entries.ts";
import { aDagRunHead, aDagSpec, aTaskSpec } from "../../support/spec-builders.ts";
import { beforeEach, describe, expect, it } from "vitest";
import type { FakeDagRun } from "../../support/api-fakes.ts";
import { FakeDeployment } from "../../support/api-fakes.ts";
import { START } from "../../support/runtime-fakes.ts";
import { encode } from "../../../src/lib/codec.ts";

const XCOMS = "/api/v2/dags/etl/dagRuns/r1/taskInstances/push/xcomEntries";
const spec = aDagSpec({ dagId: "etl", tasks: [aTaskSpec({ taskId: "push" }), aTaskSpec({ taskId: "show" })] });
let deployment: FakeDeployment;
let run: FakeDagRun;

function pushed(key: string, value: unknown, taskId = "push", mapIndex = -1): void {
  run.xcoms.push({ taskId, mapIndex, key, value: { in: "inline", text: encode(value) }, ord: 0, writtenAt: START });
}

beforeEach(() => {
  deployment = new FakeDeployment([spec]);
  run = deployment.run("etl", "r1");
  run.head = aDagRunHead({ dagId: "etl", runId: "r1", specHash: "hash-of-etl" });
  run.spec = spec;
  for (const { taskId } of spec.tasks) run.put(taskId, "success", { tryNumber: 1 });
});
const get = async (path: string) => await deployment.request("GET", `${XCOMS}${path}`);

describe("reading", () => {
  it("native JSON, lossless types as their JSON form", async () => {
    pushed("return_value", { n: 42, at: new Date(START), big: 7n, set: new Set([1]) });
    const body = await (await get("/return_value")).json();
    expect(XComResponseNative.parse(body)).toEqual(body);
    expect(body).toMatchObject({
      key: "return_value",
      map_index: -1,
      run_id: "r1",
      timestamp: "2026-01-31T02:00:00Z",
      value: { n: 42, at: "2026-01-31T02:00:00.000Z", big: 7, set: [1] },
    });
  });

  it("Python's notation with stringify", async () => {
    pushed("return_value", { n: 42, ok: true, none: null, list: [1.5, "it's"] });
    expect(XComResponseString.parse(await (await get("/return_value?stringify=true")).json())).toMatchObject({
      value: `{'n': 42, 'ok': True, 'none': None, 'list': [1.5, "it's"]}`,
    });
  });

  it("values in R2; of very large ones the reference", async () => {
    const stored = await deployment.objects.put("k", encode(["a", "b"]));
    run.xcoms.push({
      taskId: "push",
      mapIndex: -1,
      key: "mid",
      value: { in: "r2", key: "k", encoding: "devalue", ...stored },
      ord: 0,
      writtenAt: START,
    });
    run.xcoms.push({
      taskId: "push",
      mapIndex: -1,
      key: "huge",
      value: { in: "r2", key: "h", encoding: "devalue", size: 9e6, sha256: "ab" },
      ord: 0,
      writtenAt: START,
    });
    run.xcoms.push({
      taskId: "push",
      mapIndex: -1,
      key: "lost",
      value: { in: "r2", key: "gone", encoding: "devalue", size: 9, sha256: "ab" },
      ord: 0,
      writtenAt: START,
    });
    expect(await (await get("/mid")).json()).toMatchObject({ value: ["a", "b"] });
    expect(await (await get("/huge")).json()).toMatchObject({ value: { r2_key: "h", size: 9e6, sha256: "ab" } });
    expect((await get("/lost")).status).toBe(500);
  });

  it("by map index, and 404 for what is not there", async () => {
    pushed("return_value", "two", "push", 2);
    expect(await (await get("/return_value?map_index=2")).json()).toMatchObject({ value: "two", map_index: 2 });
    const missing = await get("/nope");
    expect([missing.status, await missing.json()]).toEqual([404, { detail: "XCom entry with key: `nope` not found" }]);
    expect((await get("/return_value?map_index=-2")).status).toBe(422);
  });

  it("the list, of one task or of all of the run, filtered and paged", async () => {
    pushed("b", 1);
    pushed("a", 2);
    pushed("c", 3, "show");
    const body = await (await get("")).json();
    expect(XComCollectionResponse.parse(body)).toEqual(body);
    const keys = (answer: unknown) => XComCollectionResponse.parse(answer).xcom_entries.map((entry) => entry.key);
    expect(keys(body)).toEqual(["a", "b"]);
    expect(keys(await (await get("?xcom_key_pattern=A")).json())).toEqual(["a"]);
    const all = await deployment.request("GET", XCOMS.replace("/push/", "/~/") + "?limit=1&offset=2");
    expect(await all.json()).toMatchObject({ total_entries: 3, xcom_entries: [{ key: "c", task_id: "show" }] });
    expect((await deployment.request("GET", XCOMS.replace("/r1/", "/~/"))).status).toBe(400);
  });
});

describe("writing", () => {
  it("creates once, changes, deletes", async () => {
    const made = await deployment.request("POST", XCOMS, { key: "extra", value: { a: 1 } });
    expect([made.status, await made.json()]).toMatchObject([201, { key: "extra", value: { a: 1 } }]);
    expect((await deployment.request("POST", XCOMS, { key: "extra", value: 2 })).status).toBe(409);
    const changed = await deployment.request("PATCH", `${XCOMS}/extra`, { value: null });
    expect([changed.status, await changed.json()]).toMatchObject([200, { value: null }]);
    expect(await (await get("/extra")).json()).toMatchObject({ value: null });
    expect((await deployment.request("DELETE", `${XCOMS}/extra`)).status).toBe(204);
    for (const [method, body] of [["GET"], ["DELETE"], ["PATCH", { value: 1 }]] as const) {
      expect((await deployment.request(method, `${XCOMS}/extra`, body)).status).toBe(404);
    }
  });

  it("puts large values into R2 first", async () => {
    await deployment.request("POST", XCOMS, { key: "large", value: "x".repeat(40_000) });
    const [key = ""] = deployment.objects.stored.keys();
    expect(key).toMatch(/^xcom\/etl\/r1\/inc\/push\/-1\/api-.*\/large$/);
    expect(await (await get("/large")).json()).toMatchObject({ value: "x".repeat(40_000) });
  });

  it.each([
    [{ value: 1 }, "missing"],
    [{ key: "k" }, "missing"],
    [{ key: "k", value: 1, map_index: -2 }, "greater_than_equal"],
  ])("refuses %j", async (body, type) => {
    const answer = await deployment.request("POST", XCOMS, body);
    expect(answer.status).toBe(422);
    expect(await answer.json()).toMatchObject({ detail: [{ type }] });
  });

  it("refuses a task that the run does not have", async () => {
    const answer = await deployment.request("POST", XCOMS.replace("/push/", "/nope/"), { key: "k", value: 1 });
    expect([answer.status, await answer.json()]).toEqual([
      404,
      { detail: "Task with ID: `nope` not found in dag: `etl`" },
    ]);
  });
});
