/**
 * @module "Common Patterns Summary": every example loads, is paused unless it is the demo, and holds no real address.
 */
import { expect, test } from "vitest";
import { DagBag } from "airflare/testing";
import path from "node:path";
import { readFileSync, readdirSync } from "node:fs";

const dagFolder = path.resolve(import.meta.dirname, "../../dags");

test("all examples load without an import error", async () => {
  const bag = await DagBag.fromFolder(dagFolder);
  expect(bag.importErrors).toEqual({});
  expect(bag.dagIds.length).toBeGreaterThan(25);
});

test("all examples but the demo are paused when they are created", async () => {
  const bag = await DagBag.fromFolder(dagFolder);
  expect([...bag.dags.values()].filter(({ spec }) => !spec.isPausedUponCreation).map(({ id }) => id)).toEqual([
    "customer_etl_pipeline",
  ]);
});

test("no example holds a real address", () => {
  for (const file of readdirSync(dagFolder)) {
    const text = readFileSync(path.join(dagFolder, file), "utf8");
    for (const [, domain] of text.matchAll(/@([\w-]+(?:\.[\w-]+)+)/g)) expect(domain, file).toBe("example.com");
    expect(text, file).not.toMatch(/https?:\/\//);
  }
});
