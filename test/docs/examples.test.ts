/**
 * @module The examples of the documentation are real: they compile, in strict mode, in a project of their own that has the package installed.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { execFileSync } from "node:child_process";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { documentationPages, tsBlocks } from "./ts-blocks.ts";

const projectFolder = path.resolve(import.meta.dirname, "../..");
const pages = documentationPages(projectFolder).filter((page) => existsSync(path.join(projectFolder, page)));
const blocks = pages.flatMap((page) => tsBlocks(projectFolder, page));
let folder = "";

beforeAll(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), "airflare-docs-"));
  mkdirSync(path.join(folder, "node_modules"));
  symlinkSync(projectFolder, path.join(folder, "node_modules/airflare"), "dir");
  for (const name of ["@cloudflare", "@types", "vitest"]) {
    symlinkSync(path.join(projectFolder, "node_modules", name), path.join(folder, "node_modules", name), "dir");
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("every TypeScript example of the documentation compiles", { timeout: 120_000 }, () => {
  expect(blocks.length).toBeGreaterThan(15);
  const fileOf = new Map(blocks.map((block, at) => [`example-${at}.ts`, block]));
  for (const [file, { code }] of fileOf) writeFileSync(path.join(folder, file), `${code}\nexport {};\n`);
  const { compilerOptions } = JSON.parse(readFileSync(path.join(projectFolder, "tsconfig.json"), "utf8")) as {
    compilerOptions: object;
  };
  const options = { ...compilerOptions, noUnusedLocals: false, noUnusedParameters: false };
  const files = [...fileOf.keys(), path.join(projectFolder, "airflare.config.ts")];
  writeFileSync(path.join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions: options, files }));
  expect(compilerErrors().map((line) => line.replace(/^example-\d+\.ts/, (file) => placeOf(fileOf.get(file))))).toEqual(
    [],
  );
});

test("links between pages, to examples and to tests lead somewhere", () => {
  const broken = pages.flatMap((page) => {
    const text = readFileSync(path.join(projectFolder, page), "utf8");
    return [...text.matchAll(/\]\((?!https?:)([^)#\s]+)(?:#[^)]*)?\)/g)]
      .map((match) => match[1] ?? "")
      .filter((target) => !existsSync(path.resolve(projectFolder, path.dirname(page), target)))
      .map((target) => `${page}: ${target}`);
  });
  expect(broken).toEqual([]);
});

function placeOf(block: (typeof blocks)[number] | undefined): string {
  return block === undefined ? "?" : `${block.page} (block at line ${block.line})`;
}

/** One line per error; empty when all is well. */
function compilerErrors(): readonly string[] {
  const tsc = path.join(projectFolder, "node_modules/.bin/tsc");
  try {
    execFileSync(tsc, ["-p", "tsconfig.json", "--pretty", "false"], { cwd: folder, encoding: "utf8", stdio: "pipe" });
    return [];
  } catch (error) {
    if (error instanceof Error && "stdout" in error) return String(error.stdout).trim().split("\n");
    throw error;
  }
}
