/**
 * @module Login, tokens, and what a deployment without secrets or migrations answers.
 */
import { beforeEach, describe, expect, it, vi } from "vitest";
import { AirflareError } from "../../../src/model/error.ts";
import { FakeDeployment } from "../../support/api-fakes.ts";
import { aDagSpec } from "../../support/spec-builders.ts";
import { decode, sign } from "hono/jwt";
import { login } from "../../../src/api/auth.ts";

const PASSWORD = { username: "admin", password: "correct horse" };
let deployment: FakeDeployment;
beforeEach(() => {
  deployment = new FakeDeployment([aDagSpec({ dagId: "etl" })]);
});

describe("POST /auth/token", () => {
  it.each(["/auth/token", "/auth/token/cli"])("%s gives a token that opens the API", async (path) => {
    deployment.now = Date.now();
    const answer = await deployment.request("POST", path, PASSWORD, { token: null });
    expect(answer.status).toBe(201);
    const { access_token } = await answer.json<{ access_token: string }>();
    expect((await deployment.request("GET", "/api/v2/dags", undefined, { token: access_token })).status).toBe(200);
  });

  it("carries Airflow's claims and 24 hours", async () => {
    const { payload } = decode(await login(deployment.secrets, "admin", "correct horse", 1_000_000));
    expect(payload).toMatchObject({
      sub: "admin",
      role: "ADMIN",
      teams: [],
      aud: "apache-airflow",
      iat: 1000,
      nbf: 1000,
      exp: 87_400,
    });
    expect(payload["jti"]).toBeTypeOf("string");
  });

  it.each([
    { username: "admin", password: "wrong" },
    { username: "root", password: "correct horse" },
    { username: "admin", password: "" },
  ])("refuses $username with '$password'", async (body) => {
    const answer = await deployment.request("POST", "/auth/token", body, { token: null });
    expect(answer.status).toBe(401);
    expect(await answer.json()).toEqual({ detail: "Invalid credentials" });
  });

  it("wants both fields", async () => {
    const answer = await deployment.request("POST", "/auth/token", { username: "admin" }, { token: null });
    expect(answer.status).toBe(422);
    expect(await answer.json()).toEqual({
      detail: [{ type: "missing", loc: ["body", "password"], msg: "Field required", input: { username: "admin" } }],
    });
  });
});

describe("a token", () => {
  const claims = { sub: "admin", aud: "apache-airflow", exp: Math.floor(Date.now() / 1000) + 60 };
  it.each<[string, () => Promise<string>]>([
    ["garbage", async () => "bad"],
    [
      "signed with another secret",
      () => login({ ...deployment.secrets, secretKey: "other" }, "admin", "correct horse", Date.now()),
    ],
    ["expired", () => login(deployment.secrets, "admin", "correct horse", Date.now() - 25 * 3_600_000)],
    ["signed with the secret itself", () => sign(claims, "a key of the deployment", "HS512")],
    ["of another algorithm", () => sign(claims, "a key of the deployment", "HS256")],
    [
      "unsigned",
      async () => `${btoa('{"alg":"none","typ":"JWT"}')}.${btoa(JSON.stringify(claims))}.`.replaceAll("=", ""),
    ],
  ])("that is %s answers 403", async (_what, make) => {
    const answer = await deployment.request("GET", "/api/v2/dags", undefined, { token: await make() });
    expect(answer.status).toBe(403);
    expect(await answer.json()).toEqual({ detail: "Invalid JWT token" });
  });
});

describe("a token that was good before", () => {
  const statusOf = async (token: string) =>
    (await deployment.request("GET", "/api/v2/dags", undefined, { token })).status;

  it("is good until it ends", async () => {
    const token = await login(deployment.secrets, "admin", "correct horse", Date.now());
    expect(await statusOf(token)).toBe(200);
    vi.useFakeTimers({ now: Date.now() + 25 * 3_600_000, toFake: ["Date"] });
    expect(await statusOf(token)).toBe(403);
    vi.useRealTimers();
  });

  it("is bad under another secret", async () => {
    const token = await login(deployment.secrets, "admin", "correct horse", Date.now());
    expect(await statusOf(token)).toBe(200);
    deployment.secrets = { ...deployment.secrets, secretKey: "other" };
    expect(await statusOf(token)).toBe(403);
  });
});

describe("a deployment that is not set up", () => {
  it.each([
    ["AIRFLARE_ADMIN_PASSWORD", { adminPassword: undefined, secretKey: "k" }],
    ["AIRFLARE_SECRET_KEY", { adminPassword: "p", secretKey: "" }],
  ])("names the command that sets %s and creates no run", async (name, secrets) => {
    const token = await deployment.token();
    deployment.secrets = secrets;
    const asked = [
      await deployment.request("POST", "/auth/token", PASSWORD, { token: null }),
      await deployment.request("POST", "/api/v2/dags/etl/dagRuns", { logical_date: null }, { token }),
    ];
    for (const answer of asked) {
      expect(answer.status).toBe(503);
      expect(await answer.text()).toContain(`npx wrangler secret put ${name}`);
    }
    expect(deployment.dag("etl").requests).toEqual([]);
    expect((await deployment.request("GET", "/api/v2/version", undefined, { token: null })).status).toBe(200);
    expect((await deployment.request("GET", "/api/v2/monitor/health", undefined, { token: null })).status).toBe(200);
  });

  it("without migrations answers 503 with the command and creates no run", async () => {
    deployment.history.fail = new AirflareError(
      "not_migrated",
      "run `npx wrangler d1 migrations apply airflare --remote`",
    );
    const answer = await deployment.request("POST", "/api/v2/dags/etl/dagRuns", { logical_date: null });
    expect(answer.status).toBe(503);
    expect(await answer.text()).toContain("d1 migrations apply");
    expect(deployment.dag("etl").requests).toEqual([]);
    const health = await deployment.request("GET", "/api/v2/monitor/health", undefined, { token: null });
    expect(await health.json()).toMatchObject({ metadatabase: { status: "unhealthy" } });
  });

  it("triggers and reads runs while D1 does not answer; lists say 503 with Retry-After", async () => {
    const logged = vi.spyOn(console, "error").mockImplementation(() => {});
    deployment.history.fail = new AirflareError("history_unavailable", "D1 does not answer");
    const made = await deployment.request("POST", "/api/v2/dags/etl/dagRuns", { logical_date: null, dag_run_id: "r1" });
    expect(made.status).toBe(200);
    expect((await deployment.request("GET", "/api/v2/dags/etl/dagRuns/r1")).status).toBe(200);
    const list = await deployment.request("GET", "/api/v2/dags/~/dagRuns");
    expect(list.status).toBe(503);
    expect(list.headers.get("retry-after")).toBe("5");
    logged.mockRestore();
  });
});
