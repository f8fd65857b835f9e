/**
 * @module `airflare pools ...` against the real API on fakes, over HTTP.
 */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { runCli } from "../../../src/cli/run-cli.ts";
import { FakeDeployment } from "../../support/api-fakes.ts";

let deployment: FakeDeployment;
let server: Server;
let folder: string;

beforeEach(async () => {
  deployment = new FakeDeployment([]);
  folder = await mkdtemp(join(tmpdir(), "pools-"));
  server = createServer((request, response) => {
    let text = "";
    request.on("data", (chunk) => (text += String(chunk)));
    request.on("end", async () => {
      const body: unknown = text === "" ? undefined : JSON.parse(text);
      const answer = await deployment.request(request.method ?? "", request.url ?? "", body);
      response.writeHead(answer.status).end(await answer.text());
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
afterEach(async () => {
  server.close();
  await rm(folder, { recursive: true });
});

async function pools(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const [out, err]: [string[], string[]] = [[], []];
  const env = {
    AIRFLARE_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    AIRFLARE_TOKEN: "any: the fake signs its own requests",
  };
  const argv = ["pools", ...args];
  const code = await runCli({ argv, env, print: (line) => out.push(line), printError: (line) => err.push(line) });
  return { code, out: out.join("\n"), err: err.join("\n") };
}

test("set creates a pool and changes it, get and list show it, delete removes it", async () => {
  expect((await pools("set", "my_pool", "5", "Pool for database connections")).code).toBe(0);
  expect((await pools("get", "my_pool")).out).toMatch(
    /^my_pool +0 of 5 used, 0 wanted +Pool for database connections$/,
  );
  expect((await pools("set", "my_pool", "-1", "all", "--include-deferred")).out).toMatch(/^my_pool +unlimited +all$/);
  expect(deployment.pools.stored.get("my_pool")).toMatchObject({ slots: -1, includeDeferred: true });
  expect((await pools("list")).out).toMatch(/^my_pool/);
  expect((await pools("delete", "my_pool")).code).toBe(0);
  expect((await pools("get", "my_pool")).err).toContain("The Pool with name: `my_pool` was not found");
});

test("default_pool gets slots and keeps its description", async () => {
  const usage = { running: 0, queued: 0, deferred: 0, scheduled: 0 };
  const pool = { name: "default_pool", slots: -1, description: "Default pool", includeDeferred: false, usage };
  deployment.pools.stored.set("default_pool", pool);
  expect((await pools("set", "default_pool", "128", "")).out).toMatch(/0 of 128 used, 0 wanted +Default pool$/);
  expect((await pools("delete", "default_pool")).err).toContain("Default Pool can't be deleted");
});

test("export writes what import reads", async () => {
  const file = join(folder, "pools.json");
  await pools("set", "a", "1", "first");
  await pools("set", "b", "2", "");
  expect((await pools("export", file)).out).toBe(`2 pools are in ${file}`);
  expect(JSON.parse(await readFile(file, "utf8"))).toEqual({
    a: { slots: 1, description: "first", include_deferred: false },
    b: { slots: 2, description: "", include_deferred: false },
  });
  deployment.pools.stored.clear();
  expect((await pools("import", file)).out).toBe("2 pools are set");
  expect([...deployment.pools.stored.keys()]).toEqual(["a", "b"]);
});

test.each([
  ["{", "is not JSON"],
  ["[]", "must hold an object of pools by name"],
  ['{"a": {"slots": 1}, "b": {"slots": "many"}}', 'pool b needs "slots"'],
])("a file with %s is refused as a whole", async (text, message) => {
  const file = join(folder, "bad.json");
  await writeFile(file, text);
  expect((await pools("import", file)).err).toContain(message);
  expect(deployment.pools.stored.size).toBe(0);
});

test.each([["set"], ["set", "a"], ["set", "a", "many", "d"], ["get"], ["delete"], ["export"], ["import"]])(
  "pools %s %s %s without what it needs says how it is used",
  async (...args) => {
    expect((await pools(...args.filter((arg) => arg !== undefined))).err).toContain("usage: airflare pools");
  },
);
