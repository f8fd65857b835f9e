/**
 * @module `S3Hook` over HTTP to an S3 server in this process.
 */
import { S3Hook } from "airflare";
import { testContext } from "airflare/testing";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { Connection } from "../../../../src/runtime/ports.ts";
import { startFakeS3, type FakeS3 } from "../../../support/fake-s3.ts";

let server: FakeS3;

beforeAll(async () => {
  server = await startFakeS3();
});
afterAll(() => server.close());
beforeEach(() => {
  server.objects.clear();
  server.requests.length = 0;
});

const hookOf = (own: Partial<Connection> = {}, env?: never): Promise<S3Hook> =>
  testContext({
    ...(env === undefined ? {} : { env }),
    connections: { slack: { ...server.connection, ...own } },
  }).hook(S3Hook, "slack");

test("text and bytes go in and come out", async () => {
  const s3 = await hookOf();
  await s3.loadString("größe", "a/b.txt", "lake");
  await s3.loadBytes(new Uint8Array([0, 255]), "s3://lake/raw.bin");
  expect(await s3.readKey("a/b.txt", "lake")).toBe("größe");
  expect(new Uint8Array(await new Response(await s3.readStream("raw.bin", "lake")).arrayBuffer())).toEqual(
    new Uint8Array([0, 255]),
  );
});

test("keys with any character find their object", async () => {
  const s3 = await hookOf();
  for (const key of ["with space", "a+b", "ü/ö", "(1)!'*", "50%", "a&b<c>", "?q#f", "a//b"]) {
    await s3.loadString(key, key, "lake");
    expect(await s3.readKey(key, "lake"), key).toBe(key);
  }
  expect(await s3.listKeys({}, "lake")).toHaveLength(8);
});

test("a key that would leave the bucket is refused", async () => {
  for (const key of ["../other/x", "a/./b"])
    await expect((await hookOf()).readKey(key, "lake")).rejects.toThrow("no URL can carry");
});

test("a head says size, etag and date; of nothing it is null", async () => {
  const s3 = await hookOf();
  await s3.loadString("12345", "k", "lake");
  expect(await s3.headObject("k", "lake")).toEqual({
    key: "k",
    size: 5,
    etag: "e-tag",
    lastModified: new Date("2025-01-01T00:00:00Z"),
  });
  expect(await s3.headObject("none", "lake")).toBeNull();
  expect([await s3.checkForKey("k", "lake"), await s3.checkForKey("none", "lake")]).toEqual([true, false]);
});

test("what is not there cannot be read, and the error names it", async () => {
  await expect((await hookOf()).readKey("none", "lake")).rejects.toMatchObject({
    code: "object_not_found",
    message: "There is no object s3://lake/none.",
  });
});

test("a listing follows all its pages, under a prefix and after a key", async () => {
  const s3 = await hookOf();
  for (const n of [1, 2, 3, 4, 5, 6, 7]) await s3.loadString("x", `in/${n}`, "lake");
  await s3.loadString("x", "other", "lake");
  expect(await s3.listKeys({ prefix: "in/" }, "lake")).toEqual([1, 2, 3, 4, 5, 6, 7].map((n) => `in/${n}`));
  expect(await s3.listKeys({ prefix: "in/", startAfter: "in/5" }, "lake")).toEqual(["in/6", "in/7"]);
});

test("objects are deleted by the thousand; one that is not there is no error", async () => {
  const s3 = await hookOf();
  await s3.loadString("x", "a&b", "lake");
  const keys = Array.from({ length: 1001 }, (_, n) => `k${n}`);
  await s3.deleteObjects([...keys, "a&b"], "lake");
  expect(server.objects.size).toBe(0);
  expect(server.requests.filter((line) => line.startsWith("POST"))).toHaveLength(2);
});

test("replace false keeps what is there", async () => {
  const s3 = await hookOf();
  await s3.loadString("old", "k", "lake");
  await expect(s3.loadString("new", "k", "lake", { replace: false })).rejects.toThrow("exists already");
  expect(await s3.readKey("k", "lake")).toBe("old");
});

test("the bucket may be the connection's; without any the error says where it goes", async () => {
  const endpoint = server.connection.extra?.["endpoint_url"];
  const s3 = await hookOf({ extra: { endpoint_url: endpoint, service_config: { s3: { bucket_name: "own" } } } });
  await s3.loadString("x", "k");
  expect([...server.objects.keys()]).toEqual(["own/k"]);
  await expect((await hookOf()).readKey("k")).rejects.toThrow("No bucket was given");
  await expect(s3.readKey("s3://lake/k", "other")).rejects.toThrow("names a bucket");
});

test("what the server refuses has its code in the message", async () => {
  await expect((await hookOf()).listKeys({}, "absent")).rejects.toMatchObject({
    code: "service_refused",
    message: expect.stringContaining("NoSuchBucket: said the fake"),
  });
  await expect((await hookOf({ login: "AKIDOTHER" })).listKeys({}, "lake")).rejects.toThrow("AccessDenied");
});

test("without keys, and with a connection of another type, nothing is called", async () => {
  await expect((await hookOf({ login: null })).listKeys({}, "lake")).rejects.toThrow("has no keys");
  await expect(hookOf({ connType: "http" })).rejects.toMatchObject({ code: "wrong_connection_type" });
  expect(server.requests).toEqual([]);
});

test("a deployed Worker calls no private endpoint that is not listed", async () => {
  await expect((await hookOf({}, {} as never)).listKeys({}, "lake")).rejects.toMatchObject({ code: "target_refused" });
});
