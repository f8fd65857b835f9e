/**
 * @module The generator of the DAG index over real folders: what counts as a DAG, what is an import error, what a change reloads.
 */
import fs from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createDagIndexGenerator } from "../../../scripts/dag-index/generator.mjs";

const projectFolder = path.resolve(import.meta.dirname, "../../..");
let folder = "";

beforeEach(async () => {
  folder = await fs.mkdtemp(path.join(os.tmpdir(), "airflare dags "));
});
afterEach(async () => fs.rm(folder, { recursive: true, force: true }));

/** A file with one DAG of one task. */
const oneDag = (id: string, before = "") =>
  `import { dag, task } from "airflare";\n${before}\nconst t = task("t", async () => 1);\ndag("${id}", { schedule: null }, () => { t(); });\n`;

async function write(files: Record<string, string>): Promise<void> {
  for (const [file, text] of Object.entries(files)) {
    const target = path.join(folder, "dags", file);
    await fs.mkdir(path.dirname(target), { recursive: true });
    await fs.writeFile(target, text);
  }
}

function createGenerator(loadTimeoutMs = 30_000) {
  const outFile = path.join(folder, "index.ts");
  const generator = createDagIndexGenerator({
    projectFolder,
    dagFolder: path.join(folder, "dags"),
    outFile,
    loadTimeoutMs,
  });
  const errors = (list: readonly { file: string; message: string }[]) =>
    Object.fromEntries(list.map(({ file, message }) => [file, message]));
  return async () => {
    const { dagIds, importErrors, changed } = await generator.generate();
    return { dagIds, errors: errors(importErrors), changed, text: await fs.readFile(outFile, "utf8") };
  };
}
const generate = async (files: Record<string, string>) => {
  await write(files);
  return createGenerator()();
};

test("DAGs count by being evaluated: several in a file, none in a helper, folders below", async () => {
  const { dagIds, errors, text } = await generate({
    "two.ts": oneDag("a") + `dag("b", { schedule: null }, () => { t(); });\n`,
    "team/c.ts": oneDag("c"),
    "helper.ts": "export const rows = 3;\n",
  });
  expect(dagIds).toEqual(["a", "b", "c"]);
  expect(errors).toEqual({});
  expect(text).toContain(`"team/c.ts": () => import("./dags/team/c.ts")`);
  expect(text).not.toContain(`import("./dags/helper.ts")`);
});

test("a folder anywhere on disk resolves airflare, and relative imports with or without .ts", async () => {
  const { dagIds, errors } = await generate({
    "names.ts": `export const one = "one", two = "two";\n`,
    "with.ts": `import { one } from "./names.ts";\nimport { dag } from "airflare";\ndag(one, { schedule: null }, () => {});\n`,
    "without.ts": `import { two } from "./names";\nimport { dag } from "airflare";\ndag(two, { schedule: null }, () => {});\n`,
  });
  expect(errors).toEqual({});
  expect(dagIds).toEqual(["one", "two"]);
});

test.each([
  ["a syntax error", "const = 1;\n", /bad\.ts:1:7: Expected identifier/],
  ["an unresolved import", `import "./nowhere.ts";\n`, /bad\.ts:1:8: Could not resolve "\.\/nowhere\.ts"/],
  ["a package that is not there", `import "not-installed-anywhere";\n`, /Could not resolve "not-installed-anywhere"/],
  [
    "a missing export of a helper",
    `import { nope } from "./helper.ts";\nconsole.log(nope);\n`,
    /No matching export in "helper\.ts" for import "nope"/,
  ],
  ["a missing export of airflare", `import { nope } from "airflare";\nnope();\n`, /nope/],
  ["a throw at load", `\nthrow new TypeError("no table");\n`, /TypeError: no table\n\s+at .*bad\.ts:2:7/],
  ["a thrown value that is no error", `throw "a string";\n`, /threw a string/],
  ["a rejected promise at load", `await Promise.reject(new Error("late"));\n`, /Error: late/],
  ["the end of the process", "process.exit(3);\n", /ended the process that loads it \(exit code 3\)/],
  ["a DAG against the rules", oneDag("same") + `dag("same", { schedule: null }, () => {});\n`, /"same"/],
])("%s is an import error of that file only", async (_name, text, message) => {
  const { dagIds, errors } = await generate({
    "bad.ts": text,
    "good.ts": oneDag("good"),
    "helper.ts": "export const x = 1;\n",
  });
  expect(dagIds).toEqual(["good"]);
  expect(Object.keys(errors)).toEqual(["bad.ts"]);
  expect(errors["bad.ts"]).toMatch(message);
});

test("a mistake that the API finds points at the author's line", async () => {
  const { errors } = await generate({ "bad.ts": oneDag("bad id!") });
  expect(errors["bad.ts"]).toMatch(/bad id![^]*bad\.ts:4:\d+/);
});

test("a file that never loads is given up after the time for it", async () => {
  await write({ "hangs.ts": "while (true);\n", "z.ts": oneDag("z") });
  const { dagIds, errors } = await createGenerator(1000)();
  expect(dagIds).toEqual(["z"]);
  expect(errors["hangs.ts"]).toContain("did not load within 1 s");
});

test("a DAG stays with its file when another file imports it", async () => {
  const { dagIds, errors, text } = await generate({
    "a_user.ts": oneDag("user", `import { etl } from "./etl.ts";\nexport const upstream = etl;\n`),
    "etl.ts": `import { dag } from "airflare";\nexport const etl = dag("etl", { schedule: null }, () => {});\n`,
  });
  expect(errors).toEqual({});
  expect(dagIds).toEqual(["etl", "user"]);
  expect(text).toMatch(/"etl": \{"file":"etl\.ts"/);
});

test("an id in two files stays with the first; the second gets an error that names both", async () => {
  const { dagIds, errors, text } = await generate({
    "a.ts": oneDag("same"),
    "b.ts": oneDag("same") + `dag("own", { schedule: null }, () => {});\n`,
  });
  expect(dagIds).toEqual(["own", "same"]);
  expect(text).toMatch(/"same": \{"file":"a\.ts"/);
  expect(errors).toEqual({ "b.ts": expect.stringMatching(/"same" is defined in a\.ts and again in b\.ts/) });
});

test("modules of the platform can be imported and extended at load", async () => {
  const { dagIds, errors } = await generate({
    "a.ts": oneDag(
      "a",
      `import { WorkerEntrypoint, env } from "cloudflare:workers";\nimport { connect } from "cloudflare:sockets";\nexport class E extends WorkerEntrypoint { c = connect; e = env; }\n`,
    ),
  });
  expect(errors).toEqual({});
  expect(dagIds).toEqual(["a"]);
});

test("the index is written only when something changed, and is the same for the same files", async () => {
  await write({ "a.ts": oneDag("a"), "bad.ts": `throw new Error("no");\n` });
  const again = createGenerator();
  const first = await again();
  expect(first.changed).toBe(true);
  expect((await again()).changed).toBe(false);
  expect((await createGenerator()()).changed).toBe(false);
});

test("a changed helper reloads its users", async () => {
  await write({
    "a.ts": `import { id } from "./helper.ts";\nimport { dag } from "airflare";\ndag(id, { schedule: null }, () => {});\n`,
  });
  await write({ "helper.ts": `export const id = "before";\n` });
  const again = createGenerator();
  expect((await again()).dagIds).toEqual(["before"]);
  await write({ "helper.ts": `export const id = "after";\n` });
  expect((await again()).dagIds).toEqual(["after"]);
});

test("an error that is corrected goes away", async () => {
  await write({ "a.ts": "dag(\n" });
  const again = createGenerator();
  expect(Object.keys((await again()).errors)).toEqual(["a.ts"]);
  await write({ "a.ts": oneDag("a") });
  expect(await again()).toMatchObject({ dagIds: ["a"], errors: {} });
});

test("tests, declarations, hidden folders and packages are left out; airflare.config.ts is no DAG file", async () => {
  const { dagIds, text } = await generate({
    "a.ts": oneDag("a"),
    "a.test.ts": oneDag("x"),
    "a.d.ts": "export {};\n",
    ".hidden/b.ts": oneDag("y"),
    "node_modules/c/d.ts": oneDag("z"),
    "airflare.config.ts": "export const config = {};\n",
  });
  expect(dagIds).toEqual(["a"]);
  expect(text).not.toMatch(/a\.test\.ts|a\.d\.ts|hidden|node_modules/);
});

const cronDag = oneDag("c").replace("schedule: null", `schedule: "@daily"`);

test("airflare.config.ts counts for the folder it lies in, else for the folder beside it", async () => {
  const config = (flag: boolean) =>
    `import { defineConfig } from "airflare";\nexport const config = defineConfig({ createCronDataIntervals: ${flag} });\n`;
  const hashOf = (text: string) => /"c": .*"specHash":"([0-9a-f]+)"/.exec(text)?.[1];
  await write({ "c.ts": cronDag });
  const again = createGenerator();
  const without = await again();
  expect(without.text).not.toContain("airflare.config.ts");

  await write({ "../airflare.config.ts": config(true) });
  const beside = await again();
  expect(beside.text).toContain(`import "./airflare.config.ts";`);
  expect(hashOf(beside.text)).not.toBe(hashOf(without.text));

  await write({ "airflare.config.ts": config(false) });
  const inside = await again();
  expect(inside.text).toContain(`import "./dags/airflare.config.ts";`);
  expect(hashOf(inside.text)).toBe(hashOf(without.text));
});

test.each([
  ["does not parse", "const = 1;\n", /Expected identifier/],
  ["throws", `throw new Error("no pools");\n`, /no pools/],
  ["ends the process", "process.exit(1);\n", /ended the process/],
])("an airflare.config.ts that %s is an import error, and the DAGs load without it", async (_name, text, message) => {
  const { dagIds, errors, text: index } = await generate({ "airflare.config.ts": text, "a.ts": oneDag("a") });
  expect(dagIds).toEqual(["a"]);
  expect(errors).toEqual({ "airflare.config.ts": expect.stringMatching(message) });
  expect(index).not.toContain(`import "./dags/airflare.config.ts"`);
});

test("a folder that is not there is named with the remedy", async () => {
  await expect(createGenerator()()).rejects.toThrow(
    /no DAG folder at .*dags: create it, or name another one with AIRFLARE_DAGS/,
  );
});
