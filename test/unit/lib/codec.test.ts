/**
 * @module The codec: what goes in comes out, and what cannot is refused by its path.
 */
import { describe, expect, test } from "vitest";
import { decode, encode, toJsonProjection } from "../../../src/lib/codec.ts";

const SAME: readonly (readonly [string, unknown])[] = [
  ["a string", "plain </script> \u2028 text"],
  ["a lone surrogate", "\ud800"],
  ["null", null],
  ["undefined", undefined],
  ["NaN", Number.NaN],
  ["minus zero", -0],
  ["a bigint", 123456789012345678901234567890n],
  ["a date", new Date("2026-01-02T03:04:05.678Z")],
  ["nested objects", { a: [1, { b: undefined, c: "x" }], "odd key": true }],
  [
    "a map with any keys",
    new Map<unknown, unknown>([
      ["a", 1],
      [2, new Set(["x"])],
      [{ k: 1 }, null],
    ]),
  ],
  ["bytes", new Uint8Array([0, 1, 255])],
  ["a buffer", new Uint8Array([9, 8]).buffer],
  ["an object without prototype", Object.assign(Object.create(null), { a: 1 })],
];

test.each(SAME)("%s comes out as it went in", (_name, value) => {
  expect(decode(encode(value))).toStrictEqual(value);
});

test("the same object twice is no cycle and stays one object", () => {
  const shared = { n: 1 };
  const back = decode(encode([shared, shared]));
  expect(back).toEqual([{ n: 1 }, { n: 1 }]);
  expect(Array.isArray(back) && back[0] === back[1]).toBe(true);
});

test("a view is stored as the bytes it shows, not as the buffer behind it", () => {
  const whole = new TextEncoder().encode("secret visible secret");
  const text = encode(whole.subarray(7, 14));
  expect(decode(text)).toEqual(new TextEncoder().encode("visible"));
  expect(text.length).toBeLessThan(encode(whole).length);
});

class Money {
  readonly cents = 5;
}
const cyclic: Record<string, unknown> = { deep: {} };
cyclic["deep"] = { back: cyclic };
const REFUSED: readonly (readonly [string, unknown, string])[] = [
  ["a function", { deep: { cb: () => 1 } }, "value.deep.cb is a function"],
  ["a symbol", [1, Symbol("s")], "value[1] is a symbol"],
  ["a promise", { p: Promise.resolve(1) }, "value.p is a promise"],
  ["an instance", { price: new Money() }, "value.price is an instance of Money"],
  ["an error", new Error("x"), "value is an instance of Error"],
  ["a nested stream", { s: new ReadableStream() }, "value.s is a stream"],
  ["a cycle", cyclic, "value.deep.back is part of a cycle"],
  ["an item of a map", new Map([["k", [() => 1]]]), 'value.get("k")[0] is a function'],
  ["a key of a map", new Map([[() => 1, 1]]), "value key is a function"],
  ["an odd key", { "a b": { f: () => 1 } }, 'value["a b"].f is a function'],
  ["a symbol key", { [Symbol.iterator]: 1 }, "value has a symbol as key"],
  [
    "a throwing getter",
    {
      get a(): number {
        throw new Error("no");
      },
    },
    "value cannot be read: no",
  ],
];

test.each(REFUSED)("%s is refused by its path", (_name, value, message) => {
  expect(() => encode(value)).toThrow(
    expect.objectContaining({ code: "xcom_not_serializable", message: expect.stringContaining(message) }),
  );
});

test("a value deeper than the stack is refused, not a crash", () => {
  let deep: unknown = 0;
  for (let i = 0; i < 200_000; i++) deep = [deep];
  expect(() => encode(deep)).toThrow(expect.objectContaining({ code: "xcom_not_serializable" }));
});

test.each(["", "nonsense", "[", '[["Unknown",1]]', "-99"])("text %j is corrupt", (text) => {
  expect(() => decode(text)).toThrow(expect.objectContaining({ code: "xcom_corrupt" }));
});

describe("the JSON projection", () => {
  const CASES: readonly (readonly [string, unknown, unknown])[] = [
    ["dates", { at: new Date(0) }, { at: "1970-01-01T00:00:00.000Z" }],
    ["undefined", { a: undefined, b: [undefined] }, { b: [null] }],
    ["undefined alone", undefined, null],
    ["bigints", [5n, 2n ** 70n], [5, "1180591620717411303424"]],
    ["sets and maps", { s: new Set([1]), m: new Map([["a", new Set([2])]]) }, { s: [1], m: { a: [2] } }],
    ["maps with other keys", new Map([[1, "x"]]), [[1, "x"]]],
    ["bytes", [new Uint8Array([1, 2]), new Uint8Array([1, 2]).buffer], ["AQI=", "AQI="]],
    ["numbers JSON has not", [Number.NaN, Infinity], [null, null]],
    ["addresses", new URL("https://example.com/a"), "https://example.com/a"],
  ];
  test.each(CASES)("of %s", (_name, value, projected) => {
    expect(toJsonProjection(value)).toEqual(projected);
    expect(JSON.parse(JSON.stringify(toJsonProjection(value)))).toEqual(projected);
  });

  test("keeps a map key __proto__ as data", () => {
    const projected = toJsonProjection(new Map([["__proto__", 1]]));
    expect(Object.getPrototypeOf(projected)).toBe(Object.prototype);
    expect(JSON.stringify(projected)).toBe('{"__proto__":1}');
  });
});
