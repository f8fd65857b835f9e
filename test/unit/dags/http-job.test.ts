/**
 * @module The shipped DAG `http_job` against a real HTTP server.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { testDag } from "airflare/testing";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { httpJob } from "../../../dags/http_job.ts";

interface Seen {
  readonly method: string | undefined;
  readonly path: string | undefined;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

const seen: Seen[] = [];
/** Status of each answer in turn, then 200. */
let statuses: number[] = [];
const server = createServer((request, response) => {
  let body = "";
  request.on("data", (chunk: Buffer) => (body += chunk.toString()));
  request.on("end", () => {
    seen.push({ method: request.method, path: request.url, headers: request.headers, body });
    response.writeHead(statuses.shift() ?? 200).end("the answer");
  });
});
let url = "";

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
});
afterAll(() => void server.close());
beforeEach(() => {
  seen.length = 0;
  statuses = [];
});

test("the call goes out as the conf says, and the answer is the result", async () => {
  const conf = { url, method: "PUT", headers: { "x-tenant": "acme" }, body: { a: [1] }, expected_status: [202] };
  statuses = [202];
  const run = await testDag(httpJob, { conf });
  expect(run.state).toBe("success");
  expect(run.tasks["call"]?.result).toEqual({ status: 202, body: "the answer" });
  expect(seen).toMatchObject([
    {
      method: "PUT",
      path: "/hook",
      headers: { "x-tenant": "acme", "content-type": "application/json" },
      body: '{"a":[1]}',
    },
  ]);
});

test("an unexpected status is tried again as often as the conf says, under one idempotency key", async () => {
  statuses = [500, 503, 500, 500];
  const run = await testDag(httpJob, { conf: { url, retries: 2 } });
  expect(run.state).toBe("failed");
  expect(run.tasks["call"]?.error?.message).toContain("answered 500: the answer");
  expect(seen).toHaveLength(3);
  const keys = new Set(seen.map(({ headers }) => headers["idempotency-key"]));
  expect([...keys]).toEqual([expect.stringContaining("call")]);
});

test("a retry that succeeds ends the run as success; without retries the first failure is the last", async () => {
  statuses = [500];
  expect((await testDag(httpJob, { conf: { url } })).state).toBe("success");
  expect(seen).toHaveLength(2);
  statuses = [404];
  expect((await testDag(httpJob, { conf: { url, retries: 0, method: "GET", body: null } })).state).toBe("failed");
  expect(seen).toHaveLength(3);
});

test("a conf without a URL, or with one that is none, never becomes a run", async () => {
  await expect(testDag(httpJob, { conf: {} })).rejects.toMatchObject({ code: "invalid_params" });
  await expect(testDag(httpJob, { conf: { url: "ftp://x" } })).rejects.toMatchObject({ code: "invalid_params" });
});
