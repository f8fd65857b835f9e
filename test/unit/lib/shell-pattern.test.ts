/**
 * @module Shell patterns against what Python's `fnmatch` and `glob` answered (`test/conformance/data/make_shell_patterns.py`), and the rules that trip people up.
 */
import { describe, expect, test } from "vitest";
import { fnmatchRegExp, globRegExp, hasMagic, literalPrefix } from "../../../src/lib/shell-pattern.ts";
import rows from "../../conformance/data/shell-patterns.json" with { type: "json" };

type FnmatchRow = readonly [pattern: string, key: string, matches: boolean];
type GlobRow = readonly [pattern: string, recursive: boolean, key: string, found: boolean];

test("every fnmatch row has Python's answer", () => {
  const table = rows.fnmatch as unknown as readonly FnmatchRow[];
  const wrong = table.filter(([pattern, key, matches]) => fnmatchRegExp(pattern).test(key) !== matches);
  expect(wrong).toEqual([]);
  expect(table.filter(([, , matches]) => matches).length).toBeGreaterThan(100);
});

test("every glob row has the answer of Python's glob and FileSensor's directory rule", () => {
  const table = rows.glob as unknown as readonly GlobRow[];
  const wrong = table.filter(([pattern, recursive, key, found]) => globRegExp(pattern, recursive).test(key) !== found);
  expect(wrong).toEqual([]);
  expect(table.filter(([, , , found]) => found).length).toBeGreaterThan(100);
});

describe("a wildcard", () => {
  test("crosses / in a key pattern but not in a file path", () => {
    expect(fnmatchRegExp("data/*.csv").test("data/2026/a.csv")).toBe(true);
    expect(globRegExp("data/*.csv", false).test("data/2026/a.csv")).toBe(false);
  });

  test("** is any directories only when recursive", () => {
    expect(globRegExp("data/**/a.csv", true).test("data/x/y/a.csv")).toBe(true);
    expect(globRegExp("data/**/a.csv", false).test("data/x/y/a.csv")).toBe(false);
  });

  test("a directory counts by a file anywhere below it", () => {
    expect(globRegExp("data/customers", false).test("data/customers/2026/a.csv")).toBe(true);
    expect(globRegExp("data/customers", false).test("data/customers2/a.csv")).toBe(false);
  });
});

test("the literal text before a pattern ends at the first of [ * ?", () => {
  expect(["a/b*c", "a?b", "x[1]", "plain"].map(literalPrefix)).toEqual(["a/b", "a", "x", "plain"]);
  expect(["a*", "a?", "a[", "a]"].map(hasMagic)).toEqual([true, true, true, false]);
});
