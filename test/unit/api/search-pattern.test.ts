/**
 * @module Airflow's search patterns.
 */
import { expect, it } from "vitest";
import { matchesPattern } from "../../../src/api/search-pattern.ts";

it.each<[string, string, boolean]>([
  ["customer_etl", "ETL", true],
  ["customer_etl", "cust%etl", true],
  ["customer-etl", "r_e", true],
  ["customer", "r_e", false],
  ["customer", "nope|tom", true],
  ["customer", "nope|", false],
  ["anything", "~", true],
  ["a.b", "a.b", true],
  ["axb", "a.b", false],
  ["a(b", "(", true],
  ["a\\b[c", "\\b[", true],
])("%s fits %s: %s", (text, pattern, fits) => {
  expect(matchesPattern(text, pattern)).toBe(fits);
});
