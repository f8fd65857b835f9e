/**
 * @module The storage cases inside a real object, and the object store over a real bucket.
 */
import { expect, test } from "vitest";
import { objectSql } from "../../../src/cloudflare/dag-run/sql.ts";
import { withTables } from "../../../src/cloudflare/dag-run/tables.ts";
import { objectStore } from "../../../src/cloudflare/object-store.ts";
import { runInDurableObject } from "cloudflare:test";
import { STORAGE_CASES } from "../../conformance/storage-cases.ts";
import { workerEnv } from "../../support/worker-runs.ts";

test.each(STORAGE_CASES)("$name", async ({ name, run }) => {
  const stub = workerEnv.DAG_RUN.getByName(`storage/${name}`) as unknown as DurableObjectStub;
  await runInDurableObject(stub, (_object, state) => run(withTables(objectSql(state.storage))));
  expect.hasAssertions();
});

test("a stream of unknown length is stored in parts with its size and hash", async () => {
  const store = objectStore(workerEnv.OBJECTS);
  const chunk = new Uint8Array(1_000_000).fill(7);
  let left = 20;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (left-- > 0) controller.enqueue(chunk);
      else controller.close();
    },
  });
  const stored = await store.put("streamed", body);
  const all = new Uint8Array(20_000_000).fill(7);
  const digest = Array.from(new Uint8Array(await crypto.subtle.digest("SHA-256", all)), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");
  expect(stored).toEqual({ size: 20_000_000, sha256: digest });
  const read = await store.get("streamed");
  expect([read?.size, (await new Response(read?.body ?? null).arrayBuffer()).byteLength]).toEqual([
    20_000_000, 20_000_000,
  ]);
});

test("a stream that fails leaves no object behind, a buffer over the limit is refused", async () => {
  const store = objectStore(workerEnv.OBJECTS);
  const failing = new ReadableStream<Uint8Array>({
    pull(controller) {
      controller.error(new Error("source is gone"));
    },
  });
  await expect(store.put("failing", failing)).rejects.toThrow("source is gone");
  expect(await store.get("failing")).toBeNull();
  await expect(store.put("huge", new Uint8Array(32 * 1024 * 1024 + 1))).rejects.toMatchObject({
    code: "xcom_too_large",
  });
});

test("a prefix is deleted with everything below it and nothing beside it", async () => {
  const store = objectStore(workerEnv.OBJECTS);
  for (const key of ["p/a/1", "p/a/2", "p/ab"]) await store.put(key, "x");
  await store.deletePrefix("p/a/");
  expect((await workerEnv.OBJECTS.list({ prefix: "p/" })).objects.map((object) => object.key)).toEqual(["p/ab"]);
});
