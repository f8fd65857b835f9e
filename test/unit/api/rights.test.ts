/**
 * @module The rights table covers the routes, all of them and nothing else; nothing answers without a token but what says so.
 */
import { RIGHTS, holds, rightOf } from "../../../src/api/rights.ts";
import { describe, expect, it } from "vitest";
import { FakeDeployment } from "../../support/api-fakes.ts";
import { aDagSpec } from "../../support/spec-builders.ts";

const deployment = new FakeDeployment([aDagSpec({ dagId: "etl" })]);
const routes = deployment.app.routes.filter(({ method }) => method !== "ALL");

/** A path that the pattern matches. */
function examplePath(pattern: string): string {
  return pattern
    .replaceAll(/:map_index\{[^}]*\}/g, "0")
    .replaceAll(/:key\{[^}]*\}/g, "x")
    .replaceAll(/:[a-z_]+/g, "x");
}

describe("rights", () => {
  it("has an entry for every registered route", () => {
    expect(routes.length).toBeGreaterThan(40);
    expect(routes.filter(({ method, path }) => rightOf(method, path) === undefined)).toEqual([]);
  });

  it("names only routes that exist", () => {
    const registered = new Set(routes.map(({ method, path }) => `${method} ${path}`));
    expect(Object.keys(RIGHTS).filter((key) => !registered.has(key))).toEqual([]);
  });

  it("is public for version, health and login only", () => {
    const open = Object.keys(RIGHTS).filter((key) => RIGHTS[key] === "public");
    expect(open.toSorted()).toEqual([
      "GET /api/v2/monitor/health",
      "GET /api/v2/version",
      "POST /auth/token",
      "POST /auth/token/cli",
    ]);
  });

  it.each(
    routes.filter(({ method, path }) => rightOf(method, path) !== "public").map(({ method, path }) => [method, path]),
  )("%s %s answers 401 without a token", async (method, path) => {
    const answer = await deployment.request(method, examplePath(path), undefined, { token: null });
    expect(answer.status).toBe(401);
    expect(await answer.json()).toEqual({ detail: "Not authenticated" });
  });

  it("gives the admin every right and an unknown route to nobody", () => {
    expect(holds({ username: "admin", role: "admin" }, "dag_run:delete")).toBe(true);
    expect(rightOf("GET", "/api/v2/nothing")).toBeUndefined();
    expect(rightOf("GET", "toString")).toBeUndefined();
  });
});
