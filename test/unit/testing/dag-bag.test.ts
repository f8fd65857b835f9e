/**
 * @module DAG bags of lists and folders, in plain Node and outside of the project.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { afterAll, beforeAll, expect, test } from "vitest";
import { dag, task } from "../../../src/index.ts";
import { DagBag } from "../../../src/testing.ts";

const projectFolder = path.resolve(import.meta.dirname, "../../..");
let outside = "";

const FILES: Readonly<Record<string, string>> = {
  "dags/etl.ts": `
    import { dag, task } from "airflare";
    import { name } from "./helpers/names";
    export const extract = task("extract", async ({ region }: { region: string }) => ({ region, rowCount: name.length }));
    export const customerEtl = dag("customer_etl", { schedule: "@daily" }, () => { extract({ region: "eu" }); });`,
  "dags/a_report.ts": `
    import { dag } from "airflare";
    import { customerEtl, extract } from "./etl";
    export const report = dag("report", { description: customerEtl.id }, () => { extract({ region: "us" }); });`,
  "dags/helpers/names.ts": `export const name: string = "customers";`,
  "dags/broken.ts": `throw new Error("no such table");`,
  "dags/syntax.ts": `export const = 1;`,
  "dags/unresolved.ts": `import "./nowhere";`,
  "dags/z_copy.ts": `import { dag } from "airflare"; dag("report", {}, () => {});`,
  "dags/etl.test.ts": `throw new Error("tests are no DAG files");`,
  "airflare.config.ts": `import { defineConfig } from "airflare"; export const config = defineConfig({ createCronDataIntervals: true });`,
  "bag.ts": `
    import { DagBag, testContext, testDag } from "airflare/testing";
    const bag = await DagBag.fromFolder("dags");
    const again = await DagBag.fromFolder("dags");
    const { extract, customerEtl } = await import("./dags/etl.ts");
    const run = await testDag(customerEtl, { mock: {} });
    console.log(JSON.stringify({
      ids: bag.dagIds, again: again.dagIds, errors: bag.importErrors,
      files: bag.dags.map(({ spec }) => spec.relativeFileloc),
      schedule: bag.getDag("customer_etl")?.spec.schedule.kind,
      alone: await extract.fn({ region: "eu" }, testContext()),
      state: run.state, result: run.tasks.extract?.result,
    }));`,
};

beforeAll(() => {
  outside = realpathSync(mkdtempSync(path.join(os.tmpdir(), "airflare-outside-")));
  for (const [file, text] of Object.entries(FILES)) {
    mkdirSync(path.dirname(path.join(outside, file)), { recursive: true });
    writeFileSync(path.join(outside, file), text);
  }
  writeFileSync(path.join(outside, "package.json"), `{ "type": "module" }`);
  mkdirSync(path.join(outside, "node_modules"));
  symlinkSync(projectFolder, path.join(outside, "node_modules/airflare"), "dir");
});
afterAll(() => rmSync(outside, { recursive: true, force: true }));

test(
  "in plain Node, in another folder that has the package linked, the API, testDag and DagBag work",
  { timeout: 60_000 },
  () => {
    const printed = execFileSync(process.execPath, ["--no-warnings", "bag.ts"], { cwd: outside, encoding: "utf8" });
    const { errors, ...rest } = JSON.parse(printed) as { errors: Record<string, string> };
    expect(rest).toEqual({
      ids: ["customer_etl", "report"],
      again: ["customer_etl", "report"],
      files: ["etl.ts", "a_report.ts"],
      schedule: "cron-data-interval",
      alone: { region: "eu", rowCount: 9 },
      state: "success",
      result: { region: "eu", rowCount: 9 },
    });
    expect(errors).toEqual({
      "broken.ts": "Error: no such table",
      "syntax.ts": expect.stringContaining("SyntaxError"),
      "unresolved.ts": expect.stringContaining("nowhere"),
      "z_copy.ts": expect.stringMatching(/"report" is defined in a_report\.ts and again in z_copy\.ts/),
    });
  },
);

test("a bag of a list finds DAGs by id, unknown ones are undefined, doubles are refused", () => {
  const noop = task("noop", async () => {});
  const make = (id: string) => dag(id, {}, () => void noop());
  const bag = new DagBag([make("b"), make("a")]);
  expect(bag.dagIds).toEqual(["a", "b"]);
  expect(bag.getDag("a")?.tasks).toHaveLength(1);
  expect(bag.getDag("absent")).toBeUndefined();
  expect(bag.importErrors).toEqual({});
  expect(() => new DagBag([make("a"), make("a")])).toThrow(/two DAGs of the bag have this id/);
});

test("a folder that does not exist is an error", async () => {
  await expect(DagBag.fromFolder(path.join(outside, "nowhere"))).rejects.toThrow(/nowhere/);
});
