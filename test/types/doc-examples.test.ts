/**
 * @module The `@example` of everything an author imports compiles, each as a file of its own over the same few definitions.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, expect, test } from "vitest";
import * as authoring from "../../src/index.ts";

const projectFolder = path.resolve(import.meta.dirname, "../..");
const folder = mkdtempSync(path.join(projectFolder, "node_modules/.airflare-examples-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Names that examples take as given: the definitions of the pattern document, and some placed tasks. */
const GIVEN = `
declare const extract: A.TaskDef<{ region: string }, { region: string; rowCount: number }>;
declare const processSource: A.TaskDef<{ source: string; since?: Date }, { source: string; count: number }>;
declare const listSources: A.TaskDef<{}, string[]>;
declare const listKeys: A.TaskDef<{}, string[]>;
declare const parse: A.TaskDef<{ key: string }, { rows: number }>;
declare const cleanup: A.TaskDef<{}, void>, createCluster: A.TaskDef<{}, void>, deleteCluster: A.TaskDef<{}, void>;
declare const clean: A.TaskDef<{ n: number }, number>, enrich: A.TaskDef<{ n: number }, { n: number }>;
declare const load: A.TaskDef<any, { rows: number }>, summarize: A.TaskDef<{ parts: { rows: number }[] }, void>, report: A.TaskDef<{ rows: number }, void>;
declare const start: A.TaskArg<void>, end: A.TaskArg<void>, work: A.TaskArg<void>, cluster: A.TaskArg<void>, loaded: A.TaskArg<void>, publish: A.TaskArg<void>, merge: A.TaskArg<void>;
declare const refreshDashboard: A.TaskArg<void>, extractCustomers: A.TaskArg<void>, extractOrders: A.TaskArg<void>;
declare const extractA: A.TaskArg<void>, extractB: A.TaskArg<void>, loadA: A.TaskArg<void>, loadB: A.TaskArg<void>;
declare const processed: A.TaskArg<void>, alerted: A.TaskArg<void>, transformed: A.TaskArg<{ rows: number }>, pulled: A.TaskArg<void, { rows: number }>;
declare const rows: number & { length: number }, total: number, branching: A.Dag;
declare const expect: (value: unknown) => { toEqual(other: unknown): void; toBe(other: unknown): void };
`;

interface Example {
  readonly file: string;
  readonly code: string;
}

function examples(): readonly Example[] {
  const sources = ["src/dag", "src/testing"].flatMap((under) =>
    readdirSync(path.join(projectFolder, under), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ts"))
      .map((name) => path.join(under, name)),
  );
  return sources.flatMap((file) =>
    [...readFileSync(path.join(projectFolder, file), "utf8").matchAll(/\/\*\*[\s\S]*?\*\//g)].flatMap(([comment]) =>
      comment
        .replace(/\s*\*\/$/, "")
        .split(/\* @example/)
        .slice(1)
        .map((text) => ({ file, code: text.replaceAll(/\n\s*\* ?/g, "\n").trim() })),
    ),
  );
}

test("every example of a doc comment compiles", { timeout: 120_000 }, () => {
  const all = examples();
  expect(all.length).toBeGreaterThan(30);
  const names = Object.keys(authoring).toSorted();
  all.forEach(({ code }, at) => {
    const own = new Set(
      [...code.matchAll(/(?:const|class) (\w+)|, (\w+) = /g)].map(([, first, second]) => first ?? second),
    );
    const imported = names.filter((name) => !own.has(name));
    const given = GIVEN.replaceAll(/\b(\w+): (A\.|number|\()/g, (text, name: string) =>
      own.has(name) ? `_${text}` : text,
    );
    // An option alone stands for the options of a task.
    const option = /^\w+: \(/.test(code) ? `const options: A.TaskOptions = { ${code.replace(/;$/, "")} };` : code;
    const module = code.startsWith("declare module") ? "" : given;
    const lines = [
      `import type * as A from "airflare";`,
      `import { ${imported.join(", ")} } from "airflare";`,
      module,
      option,
      "export {};",
    ];
    writeFileSync(path.join(folder, `example-${at}.ts`), lines.join("\n"));
  });
  const files = all.map((_, at) => `example-${at}.ts`).filter((_, at) => !all[at]?.code.startsWith("declare module"));
  const compilerOptions = { noUnusedLocals: false, noUnusedParameters: false };
  const config = path.join(folder, "tsconfig.json");
  writeFileSync(
    config,
    JSON.stringify({
      extends: path.join(projectFolder, "tsconfig.json"),
      compilerOptions,
      include: [],
      files: [...files, path.join(projectFolder, "airflare.config.ts")],
    }),
  );
  let printed = "";
  try {
    execFileSync(path.join(projectFolder, "node_modules/.bin/tsc"), ["-p", config, "--pretty", "false"], {
      cwd: folder,
      encoding: "utf8",
      stdio: "pipe",
    });
  } catch (failed) {
    printed = (failed as { readonly stdout: string }).stdout;
  }
  const errors = printed
    .trim()
    .replaceAll(/example-(\d+)\.ts/g, (name, at: string) => `${all[Number(at)]?.file} (${name})`);
  expect(errors).toBe("");
});
