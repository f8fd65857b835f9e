/**
 * @module Writing XComs: inline or in R2, with named limits; and reading back what was written, verified.
 */
import { describe, expect, test } from "vitest";
import { XCOM_INLINE_BYTES_MAX, type XComValue } from "../../../src/model/xcom.ts";
import { StoredXComs } from "../../../src/runtime/stored-xcom.ts";
import { xcomObjectKey, xcomRunPrefix } from "../../../src/runtime/xcom-key.ts";
import { XCOM_BUFFERED_BYTES_MAX, XComWriter } from "../../../src/runtime/xcom-writer.ts";
import { XComReader } from "../../../src/runtime/xcoms.ts";
import { aHead, anOrder, FakeRun, MemoryObjects, unsealed } from "../../support/runtime-fakes.ts";

function writerOn(objects: MemoryObjects, over: Parameters<typeof anOrder>[1] = {}): XComWriter {
  return new XComWriter(aHead(), anOrder("t", over), objects, unsealed);
}

function readerOn(objects: MemoryObjects): XComReader {
  return new XComReader(new FakeRun(), new StoredXComs(objects, unsealed), {
    xcoms: [],
    xcomsLeftOut: [],
    mappedTasks: [],
  });
}

async function stored(value: unknown, objects = new MemoryObjects()): Promise<XComValue> {
  const writer = writerOn(objects);
  await writer.push("k", value);
  const [write] = writer.writes;
  if (write === undefined) throw new Error("nothing was written");
  return write.value;
}

const big = "x".repeat(XCOM_INLINE_BYTES_MAX);

describe("what goes where", () => {
  const CASES: readonly (readonly [string, unknown, "inline" | "devalue" | "bytes" | "buffer"])[] = [
    ["a small value", { a: 1 }, "inline"],
    ["a text of just the limit", big.slice(4), "inline"],
    ["a text over the limit", big, "devalue"],
    ["a text over the limit in bytes only", "é".repeat(XCOM_INLINE_BYTES_MAX / 2), "devalue"],
    ["few bytes", new Uint8Array(10), "inline"],
    ["many bytes", new Uint8Array(XCOM_INLINE_BYTES_MAX + 1).fill(7), "bytes"],
    ["a large buffer", new Uint8Array(XCOM_INLINE_BYTES_MAX + 1).fill(7).buffer, "buffer"],
    ["a deep large value", { at: new Date(1), list: Array.from({ length: 9000 }, (_, i) => BigInt(i)) }, "devalue"],
  ];
  test.each(CASES)("%s, and it comes back the same", async (_name, value, where) => {
    const objects = new MemoryObjects();
    const written = await stored(value, objects);
    expect(written.in === "inline" ? "inline" : written.encoding).toBe(where);
    expect(await readerOn(objects).load(written)).toStrictEqual(value);
  });

  test("a stream goes to the store and comes back as a stream", async () => {
    const objects = new MemoryObjects();
    const written = await stored(new Response("streamed").body, objects);
    expect(written).toMatchObject({ in: "r2", encoding: "stream", size: 8 });
    const back = await readerOn(objects).load(written);
    expect(back).toBeInstanceOf(ReadableStream);
    expect(back instanceof ReadableStream && (await new Response(back).text())).toBe("streamed");
  });

  test("many small values of one attempt do not overfill its report", async () => {
    const objects = new MemoryObjects();
    const writer = writerOn(objects);
    for (let i = 0; i < 50; i++) await writer.push(`k${i}`, big.slice(4));
    expect(writer.writes.filter(({ value }) => value.in === "inline")).toHaveLength(32);
    expect(objects.stored.size).toBe(18);
  });
});

describe("limits", () => {
  test("a buffered value over the limit names the task and the remedy", async () => {
    const push = writerOn(new MemoryObjects()).push("k", new Uint8Array(XCOM_BUFFERED_BYTES_MAX + 1));
    await expect(push).rejects.toMatchObject({
      code: "xcom_too_large",
      message: expect.stringMatching(/XCom k of task t .*return a stream/),
    });
  });

  test("the store's refusal of a stream names the task", async () => {
    const objects = new MemoryObjects();
    objects.bytesMax = 3;
    const push = writerOn(objects).push("k", new Response("four").body);
    await expect(push).rejects.toMatchObject({ code: "xcom_too_large", message: expect.stringContaining("task t") });
  });

  test("what cannot be stored is refused by its path", async () => {
    const push = writerOn(new MemoryObjects()).push("k", { deep: { cb: () => 1 } });
    await expect(push).rejects.toMatchObject({
      code: "xcom_not_serializable",
      message: expect.stringContaining("value.deep.cb is a function"),
    });
  });

  test.each(["", "k".repeat(513)])("key of length %#", async (key) => {
    await expect(writerOn(new MemoryObjects()).push(key, 1)).rejects.toMatchObject({ code: "invalid_request" });
  });

  test("pushes after the end of the attempt are refused", async () => {
    const writer = writerOn(new MemoryObjects());
    writer.close();
    await expect(writer.push("k", 1)).rejects.toMatchObject({ code: "stale_attempt" });
    expect(writer.writes).toEqual([]);
  });
});

test("the last push of a key counts", async () => {
  const writer = writerOn(new MemoryObjects());
  await writer.push("k", 1);
  await writer.push("k", 2);
  expect(writer.writes).toEqual([{ key: "k", value: { in: "inline", text: "[2]" } }]);
});

test("lengths of what somebody maps over", async () => {
  const writer = writerOn(new MemoryObjects(), {
    reportLengths: ["return_value", "return_value.items", "return_value.by.name", "rows", "absent"],
  });
  await writer.push("return_value", { items: [1, 2, 3], by: { name: new Map([["a", 1]]) } });
  await writer.push("rows", "text");
  expect(writer.lengths).toEqual({ return_value: 2, "return_value.items": 3, "return_value.by.name": 1, rows: null });
});

describe("a stored value that does not match", () => {
  const cases: readonly (readonly [string, (bytes: Uint8Array) => Uint8Array | undefined])[] = [
    ["is gone", () => undefined],
    ["was cut", (bytes) => bytes.slice(1)],
    ["was changed", (bytes) => bytes.with(5, 0)],
  ];
  test.each(cases)("because it %s is xcom_corrupt, buffered and streamed", async (_name, damage) => {
    const objects = new MemoryObjects();
    for (const value of [big, new Response(big).body]) {
      const written = await stored(value, objects);
      const key = written.in === "r2" ? written.key : "";
      const damaged = damage(objects.stored.get(key) ?? new Uint8Array());
      if (damaged === undefined) objects.stored.delete(key);
      else objects.stored.set(key, damaged);
      const read = async (): Promise<unknown> => {
        const back = await readerOn(objects).load(written);
        return back instanceof ReadableStream ? new Response(back).arrayBuffer() : back;
      };
      await expect(read()).rejects.toMatchObject({ code: "xcom_corrupt" });
    }
  });

  test("is asked for again by the next reader", async () => {
    const objects = new MemoryObjects();
    const written = await stored(big, objects);
    const reader = readerOn(objects);
    const [key, bytes] = [...objects.stored][0] ?? ["", new Uint8Array()];
    objects.stored.clear();
    await expect(reader.load(written)).rejects.toMatchObject({ code: "xcom_corrupt" });
    objects.stored.set(key, bytes);
    expect(await reader.load(written)).toBe(big);
  });
});

test("an object is read once for all attempts of an invocation", async () => {
  const objects = new MemoryObjects();
  const written = await stored(new Uint8Array(XCOM_INLINE_BYTES_MAX + 1), objects);
  const reader = readerOn(objects);
  const [a, b] = await Promise.all([reader.load(written), reader.load(written)]);
  expect(objects.reads).toBe(1);
  expect(a).not.toBe(b);
});

describe("keys in R2", () => {
  const run = { dagId: "etl", runId: "manual__2026-01-01T00:00:00+00:00", incarnation: "inc" };
  test("are parts of the run's prefix, percent-encoded", () => {
    const key = xcomObjectKey(run, { taskId: "g.t", mapIndex: 3, token: "inc:1:2" }, "a/b c");
    expect(key).toBe("xcom/etl/manual__2026-01-01T00%3A00%3A00%2B00%3A00/inc/g.t/3/inc%3A1%3A2/a%2Fb%20c");
    expect(key.startsWith(xcomRunPrefix(run))).toBe(true);
  });

  test("fit into R2's limit whatever the ids, and stay apart", () => {
    const long = { dagId: "ä".repeat(250), runId: "漢".repeat(250), incarnation: "i".repeat(36) };
    const keyOf = (key: string): string =>
      xcomObjectKey(long, { taskId: "é".repeat(250), mapIndex: 99_999, token: "t".repeat(80) }, key);
    expect(new TextEncoder().encode(keyOf("k".repeat(512))).length).toBeLessThanOrEqual(1024);
    expect(keyOf(`${"k".repeat(400)}a`)).not.toBe(keyOf(`${"k".repeat(400)}b`));
  });
});
