/**
 * @module Trying connections out against servers in this process.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { testConnection } from "../../../../src/dag/hooks/test-connection.ts";
import type { Connection } from "../../../../src/runtime/ports.ts";
import { connectionOf } from "../../../../src/testing/memory-ports.ts";
import { type FakeS3, startFakeS3 } from "../../../support/fake-s3.ts";
import { type PgliteServer, startPglite } from "../../../support/pglite-server.ts";

let database: PgliteServer;
let s3: FakeS3;
const server = createServer((request, response) => void response.writeHead(request.url === "/" ? 204 : 404).end());

beforeAll(async () => {
  [database, s3] = await Promise.all([startPglite(), startFakeS3()]);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
afterAll(async () => {
  s3.close();
  server.close();
  await database.close();
});

const LOCAL = { AIRFLARE_LOCAL: "1" };
const tried = (fields: Partial<Connection>, env: object = LOCAL) =>
  testConnection(connectionOf("c", fields), env as never);

test("a database, a bucket and an HTTP host that answer are fine, and no connection stays open", async () => {
  const { port } = server.address() as AddressInfo;
  const extra = { ...s3.connection.extra, service_config: { s3: { bucket_name: "lake" } } };
  expect(await tried(database.connection)).toEqual({ status: true, message: "Connection successfully tested" });
  expect(await tried({ ...s3.connection, extra })).toMatchObject({ status: true });
  expect(await tried({ connType: "http", host: "127.0.0.1", port })).toMatchObject({
    status: true,
    message: expect.stringContaining("204"),
  });
  await expect.poll(database.open).toBe(0);
});

test("what does not answer, refuses, may not be called, lacks its binding or cannot be tested says why", async () => {
  expect(await tried({ connType: "postgres", host: "127.0.0.1", port: 1 })).toMatchObject({
    status: false,
    message: expect.stringContaining("127.0.0.1:1"),
  });
  expect(
    await tried({ ...s3.connection, login: "AKIDOTHER", extra: { ...s3.connection.extra, bucket_name: "b" } }),
  ).toMatchObject({ status: false, message: expect.stringContaining("AccessDenied") });
  expect(await tried({ connType: "http", host: "10.0.0.1" }, {})).toMatchObject({
    status: false,
    message: expect.stringContaining("does not call 10.0.0.1"),
  });
  expect(await tried({ connType: "d1", host: "NONE" })).toMatchObject({
    status: false,
    message: expect.stringContaining("no D1 binding NONE"),
  });
  expect(await tried({ connType: "ftp" })).toMatchObject({
    status: false,
    message: expect.stringContaining("type ftp cannot be tested"),
  });
});
