/**
 * @module Same data, same text.
 */
import { expect, test } from "vitest";
import { canonicalJson } from "../../../src/lib/canonical-json.ts";

test("the order of keys does not matter, that of lists does", () => {
  expect(canonicalJson({ b: 1, a: { d: [2, 1], c: null } })).toBe('{"a":{"c":null,"d":[2,1]},"b":1}');
  expect(canonicalJson({ a: 1, b: 2 })).toBe(canonicalJson({ b: 2, a: 1 }));
  expect(canonicalJson([1, 2])).not.toBe(canonicalJson([2, 1]));
});

test("undefined fields are left out, text is escaped as JSON does", () => {
  expect(canonicalJson({ a: undefined, b: 'q"' })).toBe('{"b":"q\\""}');
});
