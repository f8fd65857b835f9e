/**
 * @module `safeFetch` against a real HTTP server.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { safeFetch } from "../../../src/dag/safe-fetch.ts";

const LOCAL = { AIRFLARE_LOCAL: "1" };
interface Seen {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}
const seen: Seen[] = [];
let answer: (request: Seen, response: ServerResponse) => void = (_request, response) => void response.end("ok");

const server = createServer((request, response) => {
  let body = "";
  request.on("data", (chunk: Buffer) => (body += chunk.toString()));
  request.on("end", () => {
    const one = { method: request.method, url: request.url, headers: request.headers, body };
    seen.push(one);
    answer(one, response);
  });
});
let port = 0;
let base = "";

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  ({ port } = server.address() as AddressInfo);
  base = `http://127.0.0.1:${port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  seen.length = 0;
});

/** Answers each path with a redirect, all others with 200. */
function redirecting(to: Readonly<Record<string, readonly [number, string]>>): void {
  answer = ({ url = "" }, response) => {
    const [status, location] = to[url] ?? [200, ""];
    response.writeHead(status, location === "" ? {} : { location }).end("done");
  };
}

test("method, headers and body go out, the answer comes back", async () => {
  answer = (_request, response) => void response.writeHead(201, { "x-answer": "yes" }).end("made");
  const response = await safeFetch(LOCAL, `${base}/a?b=c`, { method: "post", headers: { "x-one": "1" }, body: "text" });
  expect([response.status, response.headers.get("x-answer"), await response.text()]).toEqual([201, "yes", "made"]);
  expect(seen).toMatchObject([{ method: "POST", url: "/a?b=c", body: "text", headers: { "x-one": "1" } }]);
});

test("a refused target is never called", async () => {
  await expect(safeFetch({}, `${base}/`)).rejects.toMatchObject({ code: "target_refused" });
  expect(seen).toEqual([]);
});

test.each([
  "ftp://example.com/",
  "file:///etc/passwd",
  "data:text/plain,x",
  "nonsense",
  "http://user:hunter22@example.com/",
])("%s is refused", async (url) => {
  const refusal = safeFetch({}, url);
  await expect(refusal).rejects.toMatchObject({ code: "target_refused" });
  await expect(refusal).rejects.not.toThrow("hunter22");
});

test("a redirect is followed and its target checked like the first", async () => {
  redirecting({ "/a": [302, "/b"], "/b": [302, "http://169.254.169.254/latest"] });
  const env = { AIRFLARE_ALLOWED_HOSTS: `127.0.0.1:${port}` };
  await expect(safeFetch(env, `${base}/a`)).rejects.toThrow("169.254.169.254");
  expect(seen.map(({ url }) => url)).toEqual(["/a", "/b"]);
});

test("a redirect to another scheme is refused", async () => {
  redirecting({ "/a": [302, "file:///etc/passwd"] });
  await expect(safeFetch(LOCAL, `${base}/a`)).rejects.toMatchObject({ code: "target_refused" });
});

test("three redirects are followed, four are not; with redirects 0 the redirect is the answer", async () => {
  redirecting({ "/1": [302, "/2"], "/2": [302, "/3"], "/3": [302, "/4"], "/0": [302, "/1"] });
  expect(await (await safeFetch(LOCAL, `${base}/1`)).text()).toBe("done");
  await expect(safeFetch(LOCAL, `${base}/0`)).rejects.toThrow("more than 3 times");
  expect((await safeFetch(LOCAL, `${base}/1`, { redirects: 0 })).status).toBe(302);
});

test.each([
  [301, "POST", "GET", ""],
  [302, "POST", "GET", ""],
  [303, "PUT", "GET", ""],
  [307, "POST", "POST", "body"],
  [308, "PUT", "PUT", "body"],
  [302, "PUT", "PUT", "body"],
])("a %i after %s is followed by %s", async (status, method, next, body) => {
  redirecting({ "/a": [status, "/b"] });
  await safeFetch(LOCAL, `${base}/a`, { method, body: "body", headers: { "content-type": "text/plain" } });
  expect(seen[1]).toMatchObject({ method: next, body });
  expect(seen[1]?.headers["content-type"]).toBe(body === "" ? undefined : "text/plain");
});

test("secrets stay with their origin, other headers follow", async () => {
  redirecting({ "/a": [302, `http://localhost:${port}/b`], "/c": [302, "/d"] });
  const headers = { authorization: "Bearer t", cookie: "a=b", "x-api-key": "k", "x-plain": "p" };
  await safeFetch(LOCAL, `${base}/a`, { headers });
  expect(seen[1]?.headers).toMatchObject({ "x-plain": "p" });
  for (const name of ["authorization", "cookie", "x-api-key"]) expect(seen[1]?.headers[name], name).toBeUndefined();
  await safeFetch(LOCAL, `${base}/c`, { headers });
  expect(seen[3]?.headers).toMatchObject(headers);
});

test("a body over the limit breaks off, one at the limit passes", async () => {
  answer = (_request, response) => void response.end("x".repeat(1000));
  expect(await (await safeFetch(LOCAL, base, { maxBytes: 1000 })).text()).toHaveLength(1000);
  await expect((await safeFetch(LOCAL, base, { maxBytes: 999 })).text()).rejects.toMatchObject({
    code: "answer_too_large",
  });
});

test("an answer that does not come is unreachable, and so is a body that does not end", async () => {
  answer = () => undefined;
  await expect(safeFetch(LOCAL, base, { timeoutMs: 50 })).rejects.toMatchObject({
    code: "target_unreachable",
    message: expect.stringContaining("in time"),
  });
  answer = (_request, response) => void response.write("start");
  await expect((await safeFetch(LOCAL, base, { timeoutMs: 200 })).text()).rejects.toThrow();
});

test("the caller's signal ends the call with its own reason", async () => {
  answer = () => undefined;
  const abort = new AbortController();
  const call = safeFetch(LOCAL, base, { signal: abort.signal });
  abort.abort(new Error("stopped by the run"));
  await expect(call).rejects.toThrow("stopped by the run");
});

test("a host that refuses is unreachable; the message has host and reason and no path", async () => {
  const call = safeFetch(LOCAL, "http://127.0.0.1:1/services/T0/SECRET");
  await expect(call).rejects.toMatchObject({ code: "target_unreachable" });
  await expect(call).rejects.toThrow("127.0.0.1:1");
  await expect(call).rejects.not.toThrow("SECRET");
});
