/**
 * @module What linters cannot see, and that the linter sees what it should: planted mistakes, module comments, generated docs, the size of the bundle.
 */
import { execFile } from "node:child_process";
import fs from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { beforeAll, describe, expect, test } from "vitest";
import { renderErrorDocs } from "../scripts/error-docs.mjs";
import { ERROR_CODES } from "../src/model/error.ts";

const projectFolder = path.dirname(import.meta.dirname);
const run = promisify(execFile);

/** Runs a package's script with this Node; answers the exit code and everything printed. */
async function runTool(script: string, args: readonly string[], cwd: string): Promise<{ code: number; text: string }> {
  const bin = path.join(projectFolder, "node_modules", script);
  const env = { ...process.env, WRANGLER_SEND_METRICS: "false" };
  return run(process.execPath, [bin, ...args], { cwd, env, maxBuffer: 1 << 26 }).then(
    ({ stdout, stderr }) => ({ code: 0, text: stdout + stderr }),
    (error: { code: number; stdout: string; stderr: string }) => ({
      code: error.code,
      text: error.stdout + error.stderr,
    }),
  );
}

/** What is planted: name, folder, text, and the rule that must name it (null: nothing may). */
const PLANTED: readonly [string, string, string, string | null][] = [
  ["an import to the left", "src/engine", `export type { DagId } from "../model/ids.ts";\n`, null],
  ["an awaited object call", "src/cloudflare", statement("await env.DAG_RUN.getByName('a/b').poke()"), null],
  [
    "engine importing dag",
    "src/engine",
    `export type { DagIndex } from "../dag/dag-index.ts";\n`,
    "no-restricted-imports",
  ],
  ["lib importing model", "src/lib", `export type { DagId } from "../model/ids.ts";\n`, "no-restricted-imports"],
  [
    "runtime importing cloudflare",
    "src/runtime",
    `export type { Env } from "../cloudflare/env.ts";\n`,
    "no-restricted-imports",
  ],
  [
    "cloudflare importing the worker",
    "src/cloudflare",
    `export { default } from "../worker.ts";\n`,
    "no-restricted-imports",
  ],
  [
    "a file beside an object importing the platform",
    "src/cloudflare",
    `export { env } from "cloudflare:workers";\n`,
    "no-restricted-imports",
  ],
  ["Date.now() in the engine", "src/engine", "export const now = () => Date.now();\n", "no-restricted-globals"],
  [
    "Math.random() in the engine",
    "src/engine",
    "export const roll = () => Math.random();\n",
    "no-restricted-properties",
  ],
  [
    "an object call nobody awaits",
    "src/cloudflare",
    statement("env.DAG_RUN.getByName('a/b').poke()"),
    "no-floating-promises",
  ],
  ["a queue send nobody awaits", "src/cloudflare", statement("env.TASK_QUEUE.sendBatch([])"), "no-floating-promises"],
  [
    "a D1 statement nobody awaits",
    "src/cloudflare",
    statement(`env.DB.prepare("select 1").run()`),
    "no-floating-promises",
  ],
  ["a cycle", "src/lib", `import { z } from "./planted-end-of-cycle.ts";\nexport const a = () => z;\n`, "no-cycle"],
];

const fileOf = (number: number) => path.join(PLANTED[number]?.[1] ?? "", `planted-${number}.ts`);

/** Codes of what the linter says about each planted file, in a copy of the sources. */
async function lintPlanted(): Promise<readonly (readonly string[])[]> {
  const copy = await fs.realpath(await fs.mkdtemp(path.join(os.tmpdir(), "airflare-tidy-")));
  for (const name of ["src", ".oxlintrc.json", "tsconfig.json", "package.json"]) {
    await fs.cp(path.join(projectFolder, name), path.join(copy, name), { recursive: true });
  }
  await fs.symlink(path.join(projectFolder, "node_modules"), path.join(copy, "node_modules"), "junction");
  const plant = async (file: string, text: string) =>
    fs.writeFile(path.join(copy, file), `/**\n * @module Planted.\n */\n${text}`);
  await Promise.all(PLANTED.map(async ([, , text], number) => plant(fileOf(number), text)));
  const cycle = PLANTED.findIndex(([name]) => name === "a cycle");
  await plant(
    "src/lib/planted-end-of-cycle.ts",
    `import { a } from "./planted-${cycle}.ts";\nexport const z = () => a;\n`,
  );
  const args = ["--type-aware", "--deny-warnings", "--format=json", ...PLANTED.map((_, number) => fileOf(number))];
  const { text } = await runTool("oxlint/bin/oxlint", args, copy);
  await fs.rm(copy, { recursive: true, force: true });
  const { diagnostics } = JSON.parse(text) as { diagnostics: readonly { filename: string; code: string }[] };
  return PLANTED.map((_, number) =>
    diagnostics.filter(({ filename }) => path.normalize(filename) === fileOf(number)).map(({ code }) => code),
  );
}

describe("the linter", () => {
  let codes: readonly (readonly string[])[] = [];
  beforeAll(async () => {
    codes = await lintPlanted();
  }, 120_000);

  test.each(
    PLANTED.map(([name, , , rule], number) => [rule === null ? "accepts" : "rejects", name, rule, number] as const),
  )("%s %s", (_verb, _name, rule, number) => {
    expect(codes[number]).toEqual(rule === null ? [] : [expect.stringContaining(rule)]);
  });
});

/** A function whose body is one statement on the bindings. */
function statement(expression: string): string {
  return `import type { Env } from "./env.ts";\nexport async function planted(env: Env): Promise<void> {\n  ${expression};\n  await Promise.resolve();\n}\n`;
}

/** Every source file, without what is generated. */
async function sourceFiles(): Promise<readonly string[]> {
  const found: string[] = [];
  for (const folder of ["src", "scripts", "bin", "test", "dags"]) {
    const entries = await fs.readdir(path.join(projectFolder, folder), { recursive: true, withFileTypes: true });
    for (const entry of entries) {
      const file = path.relative(projectFolder, path.join(entry.parentPath, entry.name));
      if (entry.isFile() && /\.[cm]?[jt]s$/.test(file) && !file.startsWith(path.join("src", "generated")))
        found.push(file);
    }
  }
  return found;
}

test("every file opens with a comment that says what it is", async () => {
  const without: string[] = [];
  for (const file of await sourceFiles()) {
    const text = await fs.readFile(path.join(projectFolder, file), "utf8");
    if (!/^(#!.*\n)?\/\*\*\s*\*?\s*@module \S/.test(text)) without.push(file);
  }
  expect(without).toEqual([]);
});

test("docs/errors.md is what the table of error codes gives", async () => {
  const text = await fs.readFile(path.join(projectFolder, "docs/errors.md"), "utf8");
  expect(text, "run `npm run docs:errors`").toBe(renderErrorDocs(ERROR_CODES));
});

/** What Cloudflare's free plan takes is 3 MB; a cold start pays for every kilobyte. */
const BUNDLE_KB_MAX = 350;

test.each([[[]], [["--env", "staging"]]])(
  "wrangler builds a small bundle with %j",
  { timeout: 60_000 },
  async (args) => {
    const folder = await fs.mkdtemp(path.join(os.tmpdir(), "airflare-bundle-"));
    const { code, text } = await runTool(
      "wrangler/bin/wrangler.js",
      ["deploy", "--dry-run", "--outdir", folder, ...args],
      projectFolder,
    );
    expect(code, text).toBe(0);
    const bundle = await fs.readFile(path.join(folder, "worker.js"));
    await fs.rm(folder, { recursive: true, force: true });
    expect(gzipSync(bundle).length / 1024).toBeLessThanOrEqual(BUNDLE_KB_MAX);
  },
);
