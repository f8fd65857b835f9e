/**
 * @module What linters cannot see, and that the linter sees what it should: planted mistakes, module comments, generated docs, the size of the bundle.
 */
import { execFile } from "node:child_process";
import fs from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
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

describe("the linter", () => {
  let copy = "";

  beforeAll(async () => {
    copy = await fs.realpath(await fs.mkdtemp(path.join(os.tmpdir(), "airflare-tidy-")));
    for (const name of ["src", ".oxlintrc.json", "tsconfig.json", "package.json"]) {
      await fs.cp(path.join(projectFolder, name), path.join(copy, name), { recursive: true });
    }
    await fs.symlink(path.join(projectFolder, "node_modules"), path.join(copy, "node_modules"), "junction");
  });
  afterAll(async () => fs.rm(copy, { recursive: true, force: true }));

  /** Lints one planted file in a copy of the project. */
  async function lintPlanted(file: string, text: string): Promise<{ code: number; text: string }> {
    await fs.writeFile(path.join(copy, file), `/**\n * @module Planted.\n */\n${text}`);
    const answer = await runTool("oxlint/bin/oxlint", ["--type-aware", "--deny-warnings", file], copy);
    await fs.rm(path.join(copy, file));
    return answer;
  }

  const accepted: readonly [string, string, string][] = [
    ["an import to the left", "src/engine/planted.ts", `export type { DagId } from "../model/ids.ts";\n`],
    ["an awaited object call", "src/cloudflare/planted.ts", awaitedCall("await ")],
  ];
  test.each(accepted)("accepts %s", async (_name, file, text) => {
    const answer = await lintPlanted(file, text);
    expect(answer).toMatchObject({ code: 0 });
  });

  const rejected: readonly [string, string, string, string][] = [
    [
      "engine importing dag",
      "src/engine/planted.ts",
      `export type { DagIndex } from "../dag/dag-index.ts";\n`,
      "no-restricted-imports",
    ],
    [
      "lib importing model",
      "src/lib/planted.ts",
      `export type { DagId } from "../model/ids.ts";\n`,
      "no-restricted-imports",
    ],
    [
      "runtime importing cloudflare",
      "src/runtime/planted.ts",
      `export type { Env } from "../cloudflare/env.ts";\n`,
      "no-restricted-imports",
    ],
    [
      "cloudflare importing the worker",
      "src/cloudflare/planted.ts",
      `export { default } from "../worker.ts";\n`,
      "no-restricted-imports",
    ],
    [
      "a file beside an object importing cloudflare:workers",
      "src/cloudflare/planted.ts",
      `export { env } from "cloudflare:workers";\n`,
      "no-restricted-imports",
    ],
    [
      "Date.now() in the engine",
      "src/engine/planted.ts",
      "export const now = () => Date.now();\n",
      "no-restricted-globals",
    ],
    [
      "Math.random() in the engine",
      "src/engine/planted.ts",
      "export const roll = () => Math.random();\n",
      "no-restricted-properties",
    ],
    ["an object call nobody awaits", "src/cloudflare/planted.ts", awaitedCall(""), "no-floating-promises"],
    [
      "a queue send nobody awaits",
      "src/cloudflare/planted.ts",
      floating("env.TASK_QUEUE.sendBatch([])"),
      "no-floating-promises",
    ],
    [
      "a D1 statement nobody awaits",
      "src/cloudflare/planted.ts",
      floating(`env.DB.prepare("select 1").run()`),
      "no-floating-promises",
    ],
    ["a cycle", "src/lib/planted.ts", `export { b } from "./planted.ts";\nexport const a = 1;\n`, "no-cycle"],
  ];
  test.each(rejected)("rejects %s", async (_name, file, text, rule) => {
    const answer = await lintPlanted(file, text);
    expect(answer.code).not.toBe(0);
    expect(answer.text).toContain(rule);
  });
});

function awaitedCall(prefix: string): string {
  return floating(`${prefix}env.DAG_RUN.getByName("a/b").poke()`);
}
function floating(expression: string): string {
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
