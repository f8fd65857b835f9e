/**
 * @module What the compiler must refuse and accept. The project's own type check covers these files too; here each refusal is looked at by itself.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, expect, test } from "vitest";

const projectFolder = path.resolve(import.meta.dirname, "../..");
// Inside the project, so that "airflare" is the package itself.
const folder = mkdtempSync(path.join(import.meta.dirname, "../../node_modules/.airflare-types-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Refusal {
  readonly line: number;
  readonly text: string;
}

/** Errors of the compiler over these files and the project's config, by file; continuation lines belong to their error. */
function refusals(files: readonly string[]): ReadonlyMap<string, readonly Refusal[]> {
  const config = path.join(folder, "tsconfig.json");
  const options = { allowImportingTsExtensions: true, noUnusedLocals: false, rootDir: projectFolder };
  writeFileSync(
    config,
    JSON.stringify({
      extends: path.join(projectFolder, "tsconfig.json"),
      compilerOptions: options,
      include: [],
      files: [...files, path.join(projectFolder, "airflare.config.ts")],
    }),
  );
  const tsc = path.join(projectFolder, "node_modules/.bin/tsc");
  let printed = "";
  try {
    execFileSync(tsc, ["-p", config, "--pretty", "false"], { cwd: projectFolder, encoding: "utf8", stdio: "pipe" });
  } catch (failed) {
    printed = (failed as { readonly stdout: string }).stdout;
  }
  const found = new Map<string, Refusal[]>();
  for (const error of printed.split(/\n(?=\S)/)) {
    const match = /^(.+?)\((\d+),\d+\): error TS\d+: ([\s\S]+)$/.exec(error);
    if (match === null) continue;
    const name = path.basename(match[1] ?? "");
    found.set(name, [...(found.get(name) ?? []), { line: Number(match[2]), text: match[3] ?? "" }]);
  }
  return found;
}

const source = readFileSync(path.join(import.meta.dirname, "rejected.ts"), "utf8").replaceAll(
  "./etl.ts",
  path.join(import.meta.dirname, "etl.ts"),
);
/** The line after each expectation, and what its error must say. */
const expectations = source.split("\n").flatMap((line, at) => {
  const [, name, says] = /@ts-expect-error ([^:]+): (.+)$/.exec(line) ?? [];
  return name === undefined || says === undefined ? [] : [{ name, says, line: at + 2 }];
});

test("right uses compile", { timeout: 120_000 }, () => {
  const files = readdirSync(import.meta.dirname)
    .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"))
    .map((name) => path.join(import.meta.dirname, name));
  expect(files.length).toBeGreaterThanOrEqual(7);
  expect(Object.fromEntries(refusals(files))).toEqual({});
});

test("each wrong use is refused at its line, with a message that names it", { timeout: 120_000 }, () => {
  expect(expectations.length).toBeGreaterThanOrEqual(25);
  const bare = path.join(folder, "bare.ts");
  writeFileSync(bare, source.replaceAll("@ts-expect-error", "expected:"));
  const errors = refusals([bare]).get("bare.ts") ?? [];
  const unnamed = expectations.flatMap(({ name, says, line }) => {
    const next = expectations.find((other) => other.line > line)?.line ?? Number.POSITIVE_INFINITY;
    const own = errors.filter((error) => error.line >= line && error.line < next);
    const named = own.some(({ text }) => text.toLowerCase().includes(says.toLowerCase()));
    return named ? [] : [{ name, says, line, got: own.map(({ text }) => text) }];
  });
  expect(unnamed).toEqual([]);
});

test("without a project config every name is a plain string", { timeout: 120_000 }, () => {
  const free = path.join(folder, "free.ts");
  writeFileSync(
    free,
    [
      `import { task } from "airflare";`,
      `task("a", { pool: "anything" }, async (_: {}, ctx) => {`,
      `  const value: unknown = await ctx.variables.get("anything");`,
      `  await ctx.connections.get("anything");`,
      `  return String(value);`,
      `});`,
    ].join("\n"),
  );
  const config = path.join(folder, "free.json");
  writeFileSync(
    config,
    JSON.stringify({ extends: path.join(projectFolder, "tsconfig.json"), include: [], files: [free] }),
  );
  const tsc = path.join(projectFolder, "node_modules/.bin/tsc");
  expect(execFileSync(tsc, ["-p", config], { cwd: projectFolder, encoding: "utf8" })).toBe("");
});
