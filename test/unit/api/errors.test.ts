/**
 * @module Errors on the wire: unknown routes, wrong methods, bodies that are too large, too deep or no JSON, and errors nobody expected.
 */
import { beforeEach, describe, expect, it, vi } from "vitest";
import { BODY_BYTES_MAX } from "../../../src/api/json-body.ts";
import { FakeDeployment } from "../../support/api-fakes.ts";
import { aDagSpec } from "../../support/spec-builders.ts";

let deployment: FakeDeployment;
beforeEach(() => {
  deployment = new FakeDeployment([aDagSpec({ dagId: "etl" })]);
});
const RUNS = "/api/v2/dags/etl/dagRuns";

describe("a path", () => {
  it("that nobody knows answers Airflow's 404, with and without a token", async () => {
    for (const token of [undefined, null]) {
      const answer = await deployment.request("GET", "/api/v2/nothing", undefined, token === null ? { token } : {});
      expect([answer.status, await answer.json()]).toEqual([404, { error: "API route not found" }]);
    }
  });

  it("with a method it does not have answers 405 and names those it has", async () => {
    const answer = await deployment.request("PUT", "/api/v2/dags/etl");
    expect([answer.status, await answer.json(), answer.headers.get("allow")]).toEqual([
      405,
      { detail: "Method Not Allowed" },
      "GET, PATCH",
    ]);
  });

  it("answers are not sniffed and not cached", async () => {
    const answer = await deployment.request("GET", "/api/v2/dags");
    expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
    expect(answer.headers.get("cache-control")).toBe("no-store");
  });
});

describe("a body", () => {
  it("over 1 MB answers 413, with and without a length", async () => {
    const large = JSON.stringify({ logical_date: null, note: "x".repeat(BODY_BYTES_MAX) });
    expect((await deployment.request("POST", RUNS, large)).status).toBe(413);
    const headers = { authorization: `Bearer ${await deployment.token()}`, "content-type": "application/json" };
    const body = new Response(large).body;
    const streamed = new Request(`http://x${RUNS}`, { method: "POST", headers, body, duplex: "half" } as RequestInit);
    expect((await deployment.app.request(streamed)).status).toBe(413);
  });

  it.each([
    ["no JSON", "{", "json_invalid"],
    ["nested too deep", `{"logical_date":null,"conf":${'{"a":'.repeat(70)}1${"}".repeat(70)}}`, "json_invalid"],
    ["empty", " ", "missing"],
    ["a list", "[]", "model_attributes_type"],
  ])("that is %s answers 422", async (_what, body, type) => {
    const answer = await deployment.request("POST", RUNS, body);
    expect(answer.status).toBe(422);
    expect(await answer.json()).toMatchObject({ detail: [{ type }] });
  });

  it("of another type answers 415", async () => {
    const answer = await deployment.request("POST", RUNS, "logical_date=", {
      headers: { "content-type": "application/x-www-form-urlencoded" },
    });
    expect(answer.status).toBe(415);
  });

  it("loses __proto__ and nothing else", async () => {
    const body =
      '{"logical_date":null,"dag_run_id":"r","conf":{"__proto__":{"admin":true},"constructor":"c","a":{"__proto__":1,"b":2}}}';
    const answer = await deployment.request("POST", RUNS, body);
    const { conf } = await answer.json<{ conf: Record<string, unknown> }>();
    expect(conf).toEqual({ constructor: "c", a: { b: 2 } });
    expect(Reflect.get({}, "admin")).toBeUndefined();
  });
});

describe("an unexpected error", () => {
  it("answers an id that is in the log, and nothing of itself", async () => {
    const logged = vi.spyOn(console, "error").mockImplementation(() => {});
    deployment.run("etl", "r").api.readHead = () => Promise.reject(new Error("SELECT secret FROM /home/me"));
    const answer = await deployment.request("GET", `${RUNS}/r`);
    const text = await answer.text();
    const id = /ID (\w+)/.exec(text)?.[1] ?? "none";
    expect(answer.status).toBe(500);
    expect(text).not.toMatch(/SELECT|home|at /);
    expect(String(logged.mock.calls[0]?.[0])).toContain(id);
    logged.mockRestore();
  });

  it("that came over a border as code and message keeps its status", async () => {
    deployment.run("etl", "r").api.readHead = () =>
      Promise.reject(Object.assign(new Error("gone"), { code: "history_unavailable" }));
    expect((await deployment.request("GET", `${RUNS}/r`)).status).toBe(503);
  });
});
