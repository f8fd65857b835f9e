/**
 * @module The parity page claims nothing that no test shows: each row names an existing test or the open work that brings it.
 */
import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { OPEN } from "../patterns/ledger-row.ts";
import path from "node:path";

const page = path.resolve(import.meta.dirname, "../../docs/airflow-parity.md");

const statuses = readFileSync(page, "utf8")
  .split("\n")
  .filter((line) => line.startsWith("| ") && !line.startsWith("| Airflow or"))
  .map((line) => line.slice(0, -2).split(" | ").at(-1) ?? "");

test("the page has rows", () => {
  expect(statuses.length).toBeGreaterThan(50);
});

test("each row works, with tests that exist, or is open under known work", () => {
  const unproven = statuses.filter((status) => {
    const open = /^open \((\w+)\)$/.exec(status);
    if (open !== null) return !Object.keys(OPEN).includes(open[1] ?? "");
    const tests = [...status.matchAll(/\]\(([^)]+\.test\.ts)\)/g)].map(([, file]) =>
      path.resolve(path.dirname(page), file ?? ""),
    );
    return !status.startsWith("works: ") || tests.length === 0 || !tests.every((file) => existsSync(file));
  });
  expect(unproven).toEqual([]);
});
