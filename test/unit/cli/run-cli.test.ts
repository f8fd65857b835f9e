/**
 * @module The command line against an HTTP server that records what it is asked.
 */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { runCli } from "../../../src/cli/run-cli.ts";
import packageJson from "../../../package.json" with { type: "json" };

let server: Server | undefined;
afterEach(() => server?.close());

/** Answers every request with what `answer` says; gives its address and what came in. */
async function api(
  answer: (path: string) => { status: number; body: unknown },
): Promise<{ url: string; asked: unknown[] }> {
  const asked: unknown[] = [];
  server = createServer((request, response) => {
    let text = "";
    request.on("data", (chunk) => (text += String(chunk)));
    request.on("end", () => {
      const { authorization } = request.headers;
      asked.push([request.method, request.url, authorization, text === "" ? null : JSON.parse(text)]);
      const { status, body } = answer(request.url ?? "");
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, asked };
}

async function cli(
  argv: readonly string[],
  env: Record<string, string> = {},
): Promise<{ code: number; out: string; err: string }> {
  const [out, err]: [string[], string[]] = [[], []];
  const code = await runCli({ argv, env, print: (line) => out.push(line), printError: (line) => err.push(line) });
  return { code, out: out.join("\n"), err: err.join("\n") };
}

test.each([[[]], [["--help"]], [["help"]]])("%j lists every command", async (argv) => {
  const { code, out } = await cli(argv);
  expect(code).toBe(0);
  expect(out).toMatch(/airflare start[^]*airflare deploy[^]*airflare dags list[^]*airflare dags trigger <dag_id>/);
});

test("a command explains itself", async () => {
  expect((await cli(["dags", "trigger", "--help"])).out).toContain("--conf <json>");
});

test("an unknown command is named and ends with 2", async () => {
  const { code, err } = await cli(["dags", "bake"]);
  expect(code).toBe(2);
  expect(err).toContain(`no command "dags bake"`);
});

test("version is the package's", async () => {
  expect(await cli(["version"])).toEqual({ code: 0, out: packageJson.version, err: "" });
});

test("without a token the way to one is named", async () => {
  const { code, err } = await cli(["dags", "list"], { AIRFLARE_URL: "https://example.test" });
  expect(code).toBe(1);
  expect(err).toContain("POST https://example.test/auth/token");
});

test("dags list reads all pages", async () => {
  const dag = (n: number) => ({
    dag_id: `dag_${n}`,
    is_paused: n % 2 === 0,
    timetable_summary: n === 1 ? null : "@daily",
  });
  const { url, asked } = await api((path) => {
    const offset = Number(new URL(path, "http://x").searchParams.get("offset"));
    return { status: 200, body: { dags: offset === 0 ? [dag(0), dag(1)] : [dag(2)], total_entries: 101 } };
  });
  const { out } = await cli(["dags", "list"], { AIRFLARE_URL: url, AIRFLARE_TOKEN: "t" });
  expect(out.split("\n").map((line) => line.replace(/ +/g, " "))).toEqual([
    "dag_0 paused @daily",
    "dag_1 active no schedule",
    "dag_2 paused @daily",
  ]);
  expect(asked).toEqual([
    ["GET", "/api/v2/dags?limit=100&offset=0", "Bearer t", null],
    ["GET", "/api/v2/dags?limit=100&offset=100", "Bearer t", null],
  ]);
});

test("dags trigger sends conf, run id and logical date, and prints the run", async () => {
  const { url, asked } = await api(() => ({ status: 200, body: { dag_run_id: "r1", state: "queued" } }));
  const argv = [
    "dags",
    "trigger",
    "etl",
    "--conf",
    `{"a":1}`,
    "--run-id",
    "r1",
    "--logical-date",
    "2026-01-01T00:00:00Z",
  ];
  expect((await cli(argv, { AIRFLARE_URL: url, AIRFLARE_TOKEN: "t" })).out).toBe("r1 queued");
  const body = { logical_date: "2026-01-01T00:00:00Z", dag_run_id: "r1", conf: { a: 1 } };
  expect(asked).toEqual([["POST", "/api/v2/dags/etl/dagRuns", "Bearer t", body]]);
});

test("what the API refuses is printed with its reason", async () => {
  const { url } = await api(() => ({ status: 404, body: { detail: `No DAG "nope"` } }));
  const { code, err } = await cli(["dags", "trigger", "nope"], { AIRFLARE_URL: url, AIRFLARE_TOKEN: "t" });
  expect([code, err]).toEqual([1, `airflare: POST /api/v2/dags/nope/dagRuns answered 404: No DAG "nope"`]);
});

test.each([
  [["dags", "trigger"], "usage: airflare dags trigger"],
  [["dags", "trigger", "a", "b"], "usage: airflare dags trigger"],
  [["dags", "trigger", "a", "--conf", "{"], "--conf is not JSON"],
])("%j is refused before any call", async (argv, reason) => {
  const { code, err } = await cli(argv, { AIRFLARE_URL: "http://127.0.0.1:9", AIRFLARE_TOKEN: "t" });
  expect(code).toBe(1);
  expect(err).toContain(reason);
});

test("a server that is not there is named", async () => {
  const { err } = await cli(["dags", "list"], { AIRFLARE_URL: "http://127.0.0.1:9", AIRFLARE_TOKEN: "t" });
  expect(err).toContain("nothing answers at http://127.0.0.1:9");
});

test("db rebuild-history goes from page to page, adds up, and ends with the last one", async () => {
  const answers = [
    { cursor: '["etl","r9"]', dags: 1, dags_restored: 1, dag_runs: 50, dag_runs_restored: 5, dag_runs_removed: 0 },
    { cursor: null, dags: 2, dags_restored: 0, dag_runs: 7, dag_runs_restored: 1, dag_runs_removed: 2 },
  ];
  const { url, asked } = await api(() => ({ status: 200, body: answers[asked.length - 1] }));
  const { code, out } = await cli(["db", "rebuild-history", "--dry-run"], { AIRFLARE_URL: url, AIRFLARE_TOKEN: "t" });
  expect(code).toBe(0);
  expect(out.split("\n").at(-1)).toBe(
    "3 DAGs and 57 runs checked, 1 DAGs and 6 runs would be restored, 2 rows without a run would be removed, done",
  );
  const path = "/api/airflare/v1/history/rebuild";
  expect(asked).toEqual([
    ["POST", path, "Bearer t", { cursor: null, all: false, dry_run: true }],
    ["POST", path, "Bearer t", { cursor: '["etl","r9"]', all: false, dry_run: true }],
  ]);
});

test("db rebuild-history that is cut short says how to go on", async () => {
  const page = {
    cursor: '["b",null]',
    dags: 1,
    dags_restored: 0,
    dag_runs: 0,
    dag_runs_restored: 0,
    dag_runs_removed: 0,
  };
  const { url, asked } = await api(() =>
    asked.length === 1 ? { status: 200, body: page } : { status: 503, body: { detail: "D1 does not answer" } },
  );
  const { code, err } = await cli(["db", "rebuild-history"], { AIRFLARE_URL: url, AIRFLARE_TOKEN: "t" });
  expect(code).toBe(1);
  expect(err).toMatch(/503: D1 does not answer; go on with --cursor '\["b",null\]'/);
});

test("dags next-execution prints UTC, local time and what the clocks do", async () => {
  const runs = [
    { run_after: "2026-03-08T07:30:00Z", local_time: "2026-03-08T03:30:00-04:00", clock_change: "moved" },
    { run_after: "2026-03-09T06:30:00Z", local_time: "2026-03-09T02:30:00-04:00", clock_change: null },
  ];
  const { url, asked } = await api(() => ({ status: 200, body: { next_runs: runs } }));
  const { out } = await cli(["dags", "next-execution", "etl", "-n", "2"], { AIRFLARE_URL: url, AIRFLARE_TOKEN: "t" });
  expect(out.split("\n")).toEqual([
    "2026-03-08T07:30:00Z  2026-03-08T03:30:00-04:00  (moved: the clocks skip its time that day)",
    "2026-03-09T06:30:00Z  2026-03-09T02:30:00-04:00",
  ]);
  expect(asked).toEqual([["GET", "/api/airflare/v1/dags/etl/nextRuns?limit=2", "Bearer t", null]]);
});

test("dags next-execution says None for a schedule without a further run", async () => {
  const { url } = await api(() => ({ status: 200, body: { next_runs: [] } }));
  const { out } = await cli(["dags", "next-execution", "etl"], { AIRFLARE_URL: url, AIRFLARE_TOKEN: "t" });
  expect(out).toBe("None: the schedule makes no further run");
});

test("dags pause --all switches every DAG that is not paused, over all pages; a regex only those that fit", async () => {
  const dags = Array.from({ length: 150 }, (_, i) => ({ dag_id: `dag_${i}`, is_paused: i === 0 }));
  const { url, asked } = await api((path) => {
    const offset = Number(/offset=(\d+)/.exec(path)?.[1] ?? -1);
    return { status: 200, body: offset < 0 ? {} : { dags: dags.slice(offset, offset + 100), total_entries: 150 } };
  });
  const env = { AIRFLARE_URL: url, AIRFLARE_TOKEN: "t" };
  const { out } = await cli(["dags", "pause", "--all"], env);
  expect(out.split("\n")).toHaveLength(149);
  expect(asked.filter((call) => (call as unknown[])[0] === "PATCH")).toHaveLength(149);
  asked.length = 0;
  expect((await cli(["dags", "pause", "^dag_1[12]$", "--treat-dag-id-as-regex"], env)).out).toBe(
    "dag_11 paused\ndag_12 paused",
  );
  asked.length = 0;
  expect((await cli(["dags", "unpause", "etl"], env)).out).toBe("etl active");
  expect(asked).toEqual([["PATCH", "/api/v2/dags/etl", "Bearer t", { is_paused: false }]]);
});

test.each([
  [["dags", "pause"]],
  [["dags", "pause", "etl", "--all"]],
  [["dags", "unpause", "(", "--treat-dag-id-as-regex"]],
])("%j is refused before anything is asked", async (argv) => {
  const { code, err } = await cli(argv, { AIRFLARE_URL: "http://127.0.0.1:1", AIRFLARE_TOKEN: "t" });
  expect(code).toBe(1);
  expect(err).toMatch(/usage: airflare dags pause|is no regular expression/);
});
