/**
 * @module Python's notation of JSON values, as CPython's `repr` prints them.
 */
import { expect, it } from "vitest";
import { pythonRepr } from "../../../src/api/python-repr.ts";

it.each<[unknown, string]>([
  [null, "None"],
  [true, "True"],
  [false, "False"],
  [42, "42"],
  [-1.5, "-1.5"],
  [1e-7, "1e-07"],
  [1e300, "1e+300"],
  ["plain", "'plain'"],
  ["it's", `"it's"`],
  [`both ' and "`, `'both \\' and "'`],
  ["tab\tline\nback\\slash\u0000\u007f", "'tab\\tline\\nback\\\\slash\\x00\\x7f'"],
  ["ünï 🎉", "'ünï 🎉'"],
  [[], "[]"],
  [{}, "{}"],
  [{ a: [1, { b: null }] }, "{'a': [1, {'b': None}]}"],
])("%j is %s", (value, text) => {
  expect(pythonRepr(value)).toBe(text);
});
