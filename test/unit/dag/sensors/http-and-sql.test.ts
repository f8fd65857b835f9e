/**
 * @module HttpSensor against a server of the test's own, and SqlSensor over D1's interface on `node:sqlite`.
 */
import { createServer } from "node:http";
import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  dag,
  done,
  httpSensor,
  sqlSensor,
  type HttpSensorOptions,
  type SqlSensorOptions,
} from "../../../../src/index.ts";
import { testDag } from "../../../../src/testing.ts";

type World = Parameters<typeof testDag>[1];

async function run(
  place: () => unknown,
  world: World,
): Promise<{ state: string | undefined; result: unknown; error: string; pokes: number }> {
  const ended = await testDag(
    dag("waiting", { schedule: null }, () => void place()),
    world,
  );
  const { state, result, error } = ended.tasks["wait"] ?? {};
  const pokes = ended.log.filter(({ message }) => message.startsWith("Poking:")).length;
  return { state, result, error: error?.message ?? "", pokes };
}

describe("httpSensor", () => {
  /** Statuses to answer one after the other, the last for good. */
  let statuses: number[] = [200];
  const asked: string[] = [];
  let port = 0;
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      asked.push(
        `${request.method} ${request.url} ${request.headers.authorization ?? "-"} ${String(request.headers["x-team"] ?? "-")} ${body}`.trimEnd(),
      );
      const status = statuses.length > 1 ? statuses.shift()! : statuses[0]!;
      response
        .writeHead(status, { "content-type": "application/json" })
        .end(JSON.stringify({ ready: asked.length > 2, status }));
    });
  });
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    port = typeof address === "object" && address !== null ? address.port : 0;
  });
  afterAll(() => server.close());
  beforeEach(() => {
    asked.length = 0;
    statuses = [200];
  });
  const wait = (options: Partial<HttpSensorOptions>) =>
    run(() => httpSensor("wait", { endpoint: "health", timeout: "5m", ...options }), {
      env: { AIRFLARE_LOCAL: "1" },
      connections: {
        http_default: {
          connType: "http",
          host: "127.0.0.1",
          port,
          login: "u",
          password: "p",
          extra: { "x-team": "data" },
        },
      },
    });

  test("success is enough; base URL, login and headers come from the connection", async () => {
    expect(await wait({ requestParams: { a: 1 } })).toMatchObject({ state: "success", pokes: 1 });
    expect(asked).toEqual([`GET /health?a=1 Basic ${btoa("u:p")} data`]);
  });

  test("404 is not yet, any other error status fails it", async () => {
    statuses = [404, 404, 200];
    expect(await wait({})).toMatchObject({ state: "success", pokes: 3 });
    statuses = [503];
    expect(await wait({})).toMatchObject({ state: "failed", error: "503: GET health failed." });
  });

  test("responseErrorCodesAllowlist says which statuses are not yet", async () => {
    statuses = [503, 200];
    expect(await wait({ responseErrorCodesAllowlist: [503] })).toMatchObject({ state: "success", pokes: 2 });
    statuses = [404];
    expect(await wait({ responseErrorCodesAllowlist: [] })).toMatchObject({ state: "failed" });
  });

  test("responseCheck decides, and may bring a result", async () => {
    const responseCheck = async (response: Response) => {
      const answer = await response.json<{ ready: boolean }>();
      return answer.ready ? done(answer) : false;
    };
    expect(await wait({ responseCheck })).toMatchObject({
      state: "success",
      pokes: 3,
      result: { ready: true, status: 200 },
    });
  });

  test("checkResponse: false leaves every status to responseCheck", async () => {
    statuses = [500];
    const responseCheck = (response: Response) => response.status === 500;
    expect(await wait({ checkResponse: false, responseCheck })).toMatchObject({ state: "success" });
  });

  test("other methods send the params as JSON", async () => {
    await wait({ method: "POST", requestParams: { day: 1 } });
    expect(asked[0]).toMatch(/^POST \/health Basic .* \{"day":1\}$/);
  });

  test("without a connection the endpoint is the whole URL", async () => {
    expect(await wait({ httpConnId: null, endpoint: `http://127.0.0.1:${port}/x` })).toMatchObject({
      state: "success",
    });
    expect(asked).toEqual(["GET /x - -"]);
  });

  test("a private host is refused outside of a local start", async () => {
    const place = () => httpSensor("wait", { httpConnId: null, endpoint: `http://127.0.0.1:${port}/x` });
    expect(await run(place, { env: { AIRFLARE_LOCAL: "0" } })).toMatchObject({
      state: "failed",
      error: expect.stringContaining("does not call 127.0.0.1"),
    });
  });
});

describe("sqlSensor", () => {
  const database = new DatabaseSync(":memory:");
  database.exec("CREATE TABLE orders (day TEXT, n INTEGER, note TEXT)");
  database.exec("INSERT INTO orders VALUES ('2026-01-01', 3, 'x'), ('2026-01-02', 0, '')");
  const SHOP_DB = {
    batch: () => undefined,
    prepare: (sql: string) => ({
      bind: (...values: SQLInputValue[]) => ({
        all: async () => ({ results: database.prepare(sql).all(...values), meta: {} }),
      }),
    }),
  };
  const wait = (options: Partial<SqlSensorOptions> & { sql: string }, connType = "d1") =>
    run(() => sqlSensor("wait", { connId: "shop" as "slack", timeout: "2m", ...options }), {
      env: { SHOP_DB },
      connections: { shop: { connType, host: "SHOP_DB" } },
      logicalDate: new Date("2026-01-01"),
    });

  const CASES: readonly (readonly [string, Partial<SqlSensorOptions> & { sql: string }, string])[] = [
    ["a cell that is neither 0 nor empty", { sql: "SELECT n FROM orders WHERE day = '2026-01-01'" }, "success"],
    ["0 is waited on", { sql: "SELECT n FROM orders WHERE day = '2026-01-02'" }, "failed"],
    ["the text 0 is waited on", { sql: "SELECT '0'" }, "failed"],
    ["an empty text is waited on", { sql: "SELECT note FROM orders WHERE day = '2026-01-02'" }, "failed"],
    ["null is waited on", { sql: "SELECT NULL" }, "failed"],
    ["no row is waited on", { sql: "SELECT n FROM orders WHERE day = 'x'" }, "failed"],
    [
      "parameters are bound",
      { sql: "SELECT n FROM orders WHERE day = %(day)s", parameters: (ctx) => ({ day: ctx.ds }) },
      "success",
    ],
    ["success decides", { sql: "SELECT n FROM orders WHERE day = '2026-01-02'", success: (n) => n === 0 }, "success"],
    ["selector picks the cell", { sql: "SELECT 0 AS a, 5 AS b", selector: (row) => row["b"] }, "success"],
  ];
  test.each(CASES)("%s", async (_name, options, state) => {
    expect((await wait(options)).state).toBe(state);
  });

  test("failure is asked before success, and fails it", async () => {
    expect(await wait({ sql: "SELECT 7", failure: (n) => n === 7 })).toMatchObject({
      state: "failed",
      error: "Failure criteria met: failure(7) returned true.",
    });
  });

  test("failOnEmpty fails without a row, at once", async () => {
    const sql = "SELECT n FROM orders WHERE day = 'x'";
    expect(await wait({ sql, failOnEmpty: true })).toMatchObject({
      state: "failed",
      pokes: 1,
      error: expect.stringMatching(/No rows/),
    });
  });

  test("a connection of another kind is refused by name", async () => {
    expect((await wait({ sql: "SELECT 1" }, "http")).error).toMatch(
      /Connection shop is of type http; a sqlSensor takes postgres/,
    );
  });
});
