/**
 * @module Practice "Testing": the function alone with a plain object, and the `DagBag` test; here and in a folder of its own that has the package linked.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { customerEtlPipeline, extractData } from "../../dags/customer_etl_pipeline.ts";
import { DagBag } from "airflare/testing";
import { execFileSync } from "node:child_process";
import os from "node:os";
import path from "node:path";

const projectFolder = path.resolve(import.meta.dirname, "../..");
const dagFolder = path.join(projectFolder, "dags");
let outside = "";

beforeAll(() => {
  outside = mkdtempSync(path.join(os.tmpdir(), "airflare-outside-"));
  mkdirSync(path.join(outside, "node_modules"));
  mkdirSync(path.join(outside, "dags"));
  symlinkSync(projectFolder, path.join(outside, "node_modules/airflare"), "dir");
  writeFileSync(path.join(outside, "package.json"), JSON.stringify({ type: "module" }));
  writeFileSync(path.join(outside, "dags/customer_etl_pipeline.ts"), DAG_FILE);
  writeFileSync(path.join(outside, "dags/broken.ts"), 'throw new Error("no table");\n');
});
afterAll(() => rmSync(outside, { recursive: true, force: true }));

test("a task's function runs alone, with a plain object as context", async () => {
  const context = { executionDate: new Date() };
  const result = await extractData({}, context);
  expect(result.rowCount).toBeGreaterThan(0);
});

test("a bag made of DAGs finds them by id", () => {
  const dagBag = new DagBag([customerEtlPipeline]);
  expect(dagBag.getDag("customer_etl_pipeline")?.tasks).toHaveLength(3);
  expect(dagBag.getDag("nothing")).toBeUndefined();
});

test("a bag made of the DAG folder finds them, too", async () => {
  const dagBag = await DagBag.fromFolder(dagFolder);
  const found = dagBag.getDag("customer_etl_pipeline");
  expect(found).toBeDefined();
  expect(found?.tasks).toHaveLength(3);
});

test("outside the project, plain Node runs a task's function and a whole DAG", () => {
  const answer = runOutside(`
    import { extract, pipeline } from "./dags/customer_etl_pipeline.ts";
    import { testContext, testDag } from "airflare/testing";
    const alone = await extract.fn({}, { executionDate: new Date() });
    const withContext = await extract.fn({}, testContext());
    const run = await testDag(pipeline);
    console.log(JSON.stringify({ alone, withContext, state: run.state, loaded: run.tasks.load?.result }));
  `);
  expect(answer).toEqual({
    alone: { rowCount: 1_000 },
    withContext: { rowCount: 1_000 },
    state: "success",
    loaded: 1_000,
  });
});

test("outside the project, plain Node loads a DAG folder and names the file that does not load", () => {
  const answer = runOutside(`
    import { DagBag } from "airflare/testing";
    const dagBag = await DagBag.fromFolder("dags");
    console.log(JSON.stringify({
      tasks: dagBag.getDag("customer_etl_pipeline")?.tasks.length,
      broken: Object.keys(dagBag.importErrors),
    }));
  `);
  expect(answer).toEqual({ tasks: 3, broken: ["broken.ts"] });
});

/** Last line printed by a script in the outside folder, as JSON. */
function runOutside(script: string): unknown {
  writeFileSync(path.join(outside, "script.ts"), script);
  const node = path.join(projectFolder, "node_modules/.bin/node");
  const printed = execFileSync(node, ["script.ts"], { cwd: outside, encoding: "utf8" });
  return JSON.parse(printed.trim().split("\n").at(-1) ?? "");
}

const DAG_FILE = `
import { dag, task } from "airflare";

export const extract = task("extract", async (_: object, ctx) => ({ rowCount: ctx.executionDate instanceof Date ? 1000 : 0 }));
const transform = task("transform", async ({ rows }: { rows: number }) => rows);
const load = task("load", async ({ rows }: { rows: number }) => rows);
export const pipeline = dag("customer_etl_pipeline", { schedule: null }, () => {
  load({ rows: transform({ rows: extract().pick("rowCount") }) });
});
`;
