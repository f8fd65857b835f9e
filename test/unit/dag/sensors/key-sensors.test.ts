/**
 * @module Sensors over buckets: S3KeySensor, its R2 form, and FileSensor by R2 and by HTTP, run in process. S3 itself is signed HTTP to a server of the test's own.
 */
import { createServer, type Server } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  dag,
  fileSensor,
  r2Key,
  s3Key,
  type R2KeyOptions,
  type S3KeyOptions,
  type FileSensorOptions,
} from "../../../../src/index.ts";
import { testDag, type TestDagRun } from "../../../../src/testing.ts";
import { memoryLake } from "../../../patterns/memory-lake.ts";
import { S3Server } from "../../../support/s3-server.ts";

type World = Parameters<typeof testDag>[1];

async function stateOf(
  place: () => unknown,
  world: World,
): Promise<{ state: string | undefined; error: string; pokes: number; run: TestDagRun }> {
  const run = await testDag(
    dag("waiting", { schedule: null }, () => void place()),
    world,
  );
  const { state, error } = run.tasks["wait"] ?? {};
  const pokes = run.log.filter(({ message }) => message.startsWith("Poking for")).length;
  return { state, error: error?.message ?? "", pokes, run };
}

/** A lake with these keys; text of each is its own name. */
function lakeWith(...keys: readonly string[]): ReturnType<typeof memoryLake> {
  const lake = memoryLake();
  for (const key of keys) lake.objects.set(key, key);
  return lake;
}

describe("r2Key", () => {
  const wait = (options: Omit<R2KeyOptions, "bucket" | "timeout">, ...keys: readonly string[]) =>
    stateOf(() => r2Key("wait", { bucket: "LAKE", timeout: "1m", ...options }), { env: lakeWith(...keys).env });

  const CASES: readonly (readonly [string, Omit<R2KeyOptions, "bucket" | "timeout">, readonly string[], string])[] = [
    ["the exact key", { key: "in/a.csv" }, ["in/a.csv"], "success"],
    ["the start of a key is not the key", { key: "in/a" }, ["in/a.csv"], "failed"],
    ["a wildcard crosses /", { key: "in/*.csv" }, ["in/2026/a.csv"], "success"],
    ["a wildcard is case-sensitive", { key: "in/*.csv" }, ["in/A.CSV"], "failed"],
    ["? and [..] are patterns", { key: "in/[ab]?.csv" }, ["in/b1.csv"], "success"],
    [
      "wildcardMatch: false takes the pattern for a key",
      { key: "in/*.csv", wildcardMatch: false },
      ["in/a.csv"],
      "failed",
    ],
    [
      "a regular expression looks at every key from its start",
      { key: "in/\\d+", useRegex: true },
      ["x/in/1", "in/12.csv"],
      "success",
    ],
    ["a regular expression is not searched for", { key: "\\d+", useRegex: true }, ["in/12.csv"], "failed"],
    ["of a list all must be there", { key: ["a", "b/*"] }, ["a", "b/c"], "success"],
    ["of a list one that is missing is waited for", { key: ["a", "b"] }, ["a"], "failed"],
  ];
  test.each(CASES)("%s", async (_name, options, keys, state) => {
    expect((await wait(options, ...keys)).state).toBe(state);
  });

  test("checkFn gets all that was found, with sizes, and decides", async () => {
    const seen: unknown[] = [];
    const checkFn = (files: readonly { key: string; size: number }[]) => {
      seen.push(files.map(({ key, size }) => [key, size]));
      return files.some(({ size }) => size > 4);
    };
    expect((await wait({ key: "in/*", checkFn }, "in/a", "in/bc", "x")).state).toBe("success");
    expect(seen).toEqual([
      [
        ["in/a", 4],
        ["in/bc", 5],
      ],
    ]);
    expect((await wait({ key: "in/*", checkFn }, "in/a")).state).toBe("failed");
  });

  test("list pages are followed to the end", async () => {
    const pages = [["in/a", "in/b"], ["in/c"], ["in/d.csv"]];
    const asked: unknown[] = [];
    const list = async ({ prefix, cursor = "0" }: { prefix: string; cursor?: string }) => {
      asked.push([prefix, cursor]);
      const at = Number(cursor);
      return { objects: pages[at]!.map((key) => ({ key, size: 1 })), truncated: at < 2, cursor: String(at + 1) };
    };
    const env = { LAKE: { list, head: async () => null } };
    expect((await stateOf(() => r2Key("wait", { bucket: "LAKE", key: "in/*.csv" }), { env })).state).toBe("success");
    expect(asked).toEqual([
      ["in/", "0"],
      ["in/", "1"],
      ["in/", "2"],
    ]);
  });

  test("a key may be computed from the context", async () => {
    const place = () => r2Key("wait", { bucket: "LAKE", key: (ctx) => `in/${ctx.ds}.csv` });
    const world = { env: lakeWith("in/2026-03-01.csv").env, logicalDate: new Date("2026-03-01") };
    expect((await stateOf(place, world)).state).toBe("success");
  });

  test("it waits over pokes until the key comes", async () => {
    let asked = 0;
    const head = async () => (++asked < 4 ? null : { key: "a", size: 1 });
    const env = { LAKE: { head, list: async () => ({ objects: [], truncated: false }) } };
    expect(await stateOf(() => r2Key("wait", { bucket: "LAKE", key: "a" }), { env })).toMatchObject({
      state: "success",
      pokes: 4,
    });
  });

  test("a binding that is no bucket is named with those that are", async () => {
    const { state, error } = await stateOf(() => r2Key("wait", { bucket: "POND", key: "a" }), { env: lakeWith().env });
    expect(state).toBe("failed");
    expect(error).toBe(
      "There is no R2 bucket bound as POND (there are: LAKE). Add it to [[r2_buckets]] in wrangler.toml.",
    );
  });
});

describe("s3Key", () => {
  const server = new S3Server();
  beforeAll(() => server.listen());
  afterAll(() => server.close());
  const wait = (options: Omit<S3KeyOptions, "timeout">, keys: readonly string[], over = {}) => {
    server.put("my-bucket", Object.fromEntries(keys.map((key) => [key, key])));
    return stateOf(() => s3Key("wait", { timeout: "1m", ...options }), {
      env: { AIRFLARE_LOCAL: "1" },
      connections: {
        aws_default: { ...server.connection, ...over },
        lake: { connType: "r2" },
        web: { connType: "http" },
      },
    });
  };

  const CASES: readonly (readonly [string, Omit<S3KeyOptions, "timeout">, readonly string[], string])[] = [
    ["the exact key", { bucketName: "my-bucket", bucketKey: "data/a b&c+d.csv" }, ["data/a b&c+d.csv"], "success"],
    ["a whole URL", { bucketKey: "s3://my-bucket/data/a.csv" }, ["data/a.csv"], "success"],
    ["a key that is not there", { bucketName: "my-bucket", bucketKey: "data/a.csv" }, ["data/a.csv.tmp"], "failed"],
    [
      "without wildcardMatch a pattern is a key",
      { bucketName: "my-bucket", bucketKey: "data/*.csv" },
      ["data/a.csv"],
      "failed",
    ],
    [
      "a wildcard that crosses /, over many pages",
      { bucketName: "my-bucket", bucketKey: "data/*.csv", wildcardMatch: true },
      [...Array.from({ length: 25 }, (_, i) => `data/${i}`), "data/x/y & z.csv"],
      "success",
    ],
    [
      "a regular expression over the whole bucket",
      { bucketName: "my-bucket", bucketKey: "data/\\d{4}/", useRegex: true },
      ["a", "data/2026/x"],
      "success",
    ],
    ["of a list all must be there", { bucketKey: ["s3://my-bucket/a", "s3://my-bucket/b"] }, ["a"], "failed"],
  ];
  test.each(CASES)("%s", async (_name, options, keys, state) => {
    expect(await wait(options, keys)).toMatchObject({ state });
    expect(server.refused).toEqual([]);
  });

  test("the list begins with the text before the pattern", async () => {
    server.requests.length = 0;
    await wait({ bucketName: "my-bucket", bucketKey: "data/20[0-9]*/a.csv", wildcardMatch: true }, ["data/2026/a.csv"]);
    expect(server.requests[0]).toContain("prefix=data%2F20");
  });

  test("wrong keys of the connection fail with what to check", async () => {
    const { state, error } = await wait({ bucketName: "my-bucket", bucketKey: "a" }, ["a"], { password: "wrong" });
    expect(state).toBe("failed");
    expect(error).toMatch(/403/);
    server.refused.length = 0;
  });

  test("a connection of type r2 means a bound bucket", async () => {
    const world = { env: lakeWith("a").env, connections: { lake: { connType: "r2" } } };
    const place = () => s3Key("wait", { bucketName: "LAKE", bucketKey: "a", awsConnId: "lake" });
    expect((await stateOf(place, world)).state).toBe("success");
  });

  test("a connection of another kind is refused by name", async () => {
    const { error } = await wait({ bucketName: "b", bucketKey: "a", awsConnId: "web" as "aws_default" }, []);
    expect(error).toMatch(/Connection web is of type http/);
  });
});

describe("fileSensor by a bucket", () => {
  const wait = (filepath: string, keys: readonly string[], options: Partial<FileSensorOptions> = {}, extra = {}) =>
    stateOf(() => fileSensor("wait", { filepath, timeout: "1m", ...options }), {
      env: lakeWith(...keys).env,
      connections: Object.keys(extra).length === 0 ? {} : { fs_default: { connType: "r2", extra } },
    });

  const CASES: readonly (readonly [string, string, readonly string[], string])[] = [
    ["a file", "/data/input/customers.csv", ["data/input/customers.csv"], "success"],
    ["the start of a name is no file", "/data/input/customers", ["data/input/customers.csv"], "failed"],
    ["a directory with a file below it", "/data/input", ["data/input/2026/a.csv"], "success"],
    ["an empty directory", "/data/input", ["data/input/"], "failed"],
    ["* stops at /", "/data/*.csv", ["data/2026/a.csv"], "failed"],
    ["* within its part", "/data/*/a.csv", ["data/2026/a.csv"], "success"],
    ["a pattern that names a directory", "/data/20*", ["data/2026/x/a.csv"], "success"],
    ["** without recursive is *", "/data/**/a.csv", ["data/x/y/a.csv"], "failed"],
  ];
  test.each(CASES)("%s", async (_name, filepath, keys, state) => {
    expect((await wait(filepath, keys)).state).toBe(state);
  });

  test("recursive: ** is any directories", async () => {
    expect((await wait("/data/**/a.csv", ["data/x/y/a.csv"], { recursive: true })).state).toBe("success");
  });

  test("a relative path stands below the connection's base, an absolute one replaces it", async () => {
    const extra = { path: "/base/" };
    expect((await wait("in/a.csv", ["base/in/a.csv"], {}, extra)).state).toBe("success");
    expect((await wait("/in/a.csv", ["in/a.csv"], {}, extra)).state).toBe("success");
    expect((await wait("/in/a.csv", ["base/in/a.csv"], {}, extra)).state).toBe("failed");
  });

  test("a connection that stands for no files fails the task by name", async () => {
    const { state, error } = await stateOf(
      () => fileSensor("wait", { filepath: "a", fsConnId: "pg" as "fs_default" }),
      {
        connections: { pg: { connType: "mysql" } },
      },
    );
    expect(state).toBe("failed");
    expect(error).toBe("Connection pg is of type mysql; a fileSensor needs one of fs, r2, http, https.");
  });
});

describe("fileSensor by HTTP", () => {
  const asked: string[] = [];
  const files = new Map([
    ["/base/in/a.csv", 200],
    ["/base/broken", 500],
  ]);
  let server: Server;
  let port = 0;
  beforeAll(async () => {
    server = createServer(({ method, url = "" }, response) => {
      asked.push(`${method} ${url}`);
      response.writeHead(files.get(url) ?? 404).end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    port = typeof address === "object" && address !== null ? address.port : 0;
  });
  afterAll(() => server.close());
  const wait = (filepath: string) =>
    stateOf(() => fileSensor("wait", { filepath, fsConnId: "web" as "fs_default", timeout: "1m" }), {
      env: { AIRFLARE_LOCAL: "1" },
      connections: { web: { connType: "http", host: `http://127.0.0.1:${port}/base` } },
    });

  test("HEAD says whether the file is there; 404 is not yet", async () => {
    expect((await wait("in/a.csv")).state).toBe("success");
    expect(asked).toEqual(["HEAD /base/in/a.csv"]);
    expect(await wait("in/b.csv")).toMatchObject({
      state: "failed",
      error: expect.stringContaining("Sensor has timed out"),
    });
  });

  test("another error status fails the sensor", async () => {
    expect(await wait("broken")).toMatchObject({
      state: "failed",
      error: "HEAD broken over connection web answered 500.",
    });
  });

  test("a pattern is refused: a web server cannot be listed", async () => {
    expect((await wait("in/*.csv")).error).toMatch(/cannot be listed/);
  });
});
