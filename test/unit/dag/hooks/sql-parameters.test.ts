/**
 * @module Parameters are bound, never spliced.
 */
import { expect, test } from "vitest";
import { bindParameters, type SqlParameters } from "../../../../src/dag/hooks/sql-parameters.ts";

const bind = (sql: string, parameters?: SqlParameters): readonly [string, readonly unknown[]] => {
  const { text, values } = bindParameters(sql, parameters, (position) => `$${position}`);
  return [text, values];
};

test("names become the database's placeholders, in the order of their places", () => {
  expect(bind("SELECT * FROM t WHERE a > %(date)s AND b = %(id)s", { id: 5, date: "2024-01-01" })).toEqual([
    "SELECT * FROM t WHERE a > $1 AND b = $2",
    ["2024-01-01", 5],
  ]);
});

test("a name used twice is bound at both places", () => {
  expect(bind("%(a)s %(b)s %(a)s", { a: 1, b: 2 })).toEqual(["$1 $2 $3", [1, 2, 1]]);
});

test("%s takes a list by position; $1 passes as it is, percent signs and all", () => {
  expect(bind("a = %s AND b = %s", [1, "x"])).toEqual(["a = $1 AND b = $2", [1, "x"]]);
  expect(bind("a % 2 = $1 AND b LIKE '100%%'", [1])).toEqual(["a % 2 = $1 AND b LIKE '100%%'", [1]]);
});

test("without parameters the text is untouched", () => {
  expect(bind("SELECT '%(a)s', 5 %% 2, 'x%s'")).toEqual(["SELECT '%(a)s', 5 %% 2, 'x%s'", []]);
});

test("with Airflow's placeholders a doubled percent sign is one", () => {
  expect(bind("a LIKE 'x%%' AND b %% 2 = %(n)s", { n: 1 })).toEqual(["a LIKE 'x%' AND b % 2 = $1", [1]]);
});

test("a value with quotes, comments or placeholders in it stays a value", () => {
  const evil = "'; DROP TABLE t; -- %(b)s $1";
  expect(bind("SELECT %(a)s", { a: evil })).toEqual(["SELECT $1", [evil]]);
});

test.each([
  ["-- %(a)s\nSELECT %(b)s", "-- %(a)s\nSELECT $1"],
  ["/* %s */ SELECT %(b)s", "/* %s */ SELECT $1"],
  ['SELECT "%(a)s", %(b)s', 'SELECT "%(a)s", $1'],
  ["SELECT $tag$ %(a)s $tag$, %(b)s", "SELECT $tag$ %(a)s $tag$, $1"],
  ["SELECT $$ 'it %(a)s $$, %(b)s", "SELECT $$ 'it %(a)s $$, $1"],
  ["SELECT 'it''s', %(b)s", "SELECT 'it''s', $1"],
])("no placeholder in comments, quoted names and dollar quotes: %s", (sql, text) => {
  expect(bind(sql, { b: 1 })).toEqual([text, [1]]);
});

test("a named placeholder in quotes is refused, not taken as text", () => {
  expect(() => bind("SELECT '%(a)s', %(b)s", { a: 1, b: 2 })).toThrow("stands in quotes ('%(a)s')");
});

test("a missing value, too few values, and the wrong kind of parameters are refused", () => {
  expect(() => bind("SELECT %(a)s", { b: 1, c: 2 })).toThrow("parameter a has no value; given are b, c");
  expect(() => bind("SELECT %s, %s", [1])).toThrow("more %s than the 1 parameters");
  expect(() => bind("SELECT %(a)s", [1])).toThrow("a list was given");
  expect(() => bind("SELECT %s", { a: 1 })).toThrow("an object was given");
});

test("names of Object's prototype are no parameters", () => {
  expect(() => bind("SELECT %(constructor)s", {})).toThrow("parameter constructor has no value");
});
