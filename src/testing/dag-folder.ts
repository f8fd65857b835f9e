/**
 * @module Loads the DAG files of a folder in plain Node, by type stripping. Node's own modules are imported only here and only when asked: the rest of the package
 * also runs where they do not exist.
 */
import type { Dag } from "../dag/dag.ts";
import { collectDags } from "../dag/dag-registry.ts";

const MODULE = /\.(ts|mts|js|mjs)$/;
const LEFT_OUT = /(\.d\.m?ts|\.test\.m?[tj]s|^airflare\.config\.[mt]?[tj]s)$/;
const IMPORT = /\b(?:from|import)\s*\(?\s*["'](\.{1,2}\/[^"']+)["']/g;

export interface LoadedFolder {
  readonly dags: readonly Dag<unknown>[];
  readonly importErrors: Readonly<Record<string, string>>;
}

interface DagFile {
  /** Relative to the folder, with `/`. */
  readonly name: string;
  readonly path: string;
  /** Names of files of the folder that it imports, directly or not. */
  readonly imports: ReadonlySet<string>;
}

/** DAGs of a file that another file imports stay the imported file's. A second file with the same id is an import error, as in a deploy. */
export async function loadDagFolder(folder: string): Promise<LoadedFolder> {
  const { pathToFileURL } = await import("node:url");
  await resolveAsTheBundlerDoes();
  await loadConfig(folder);
  const own = new Map<string, readonly Dag<unknown>[]>();
  const importErrors: Record<string, string> = {};
  for (const { name, path, imports } of importedFirst(await dagFiles(folder))) {
    // A query makes it another module: what was loaded before, by the test itself or by an importing file, is evaluated again.
    const url = `${pathToFileURL(path).href}?airflare=${++loads}`;
    try {
      const dags = await collectDags(() => import(/* @vite-ignore */ url), name);
      const imported = new Set([...imports].flatMap((file) => own.get(file)?.map(({ id }) => id) ?? []));
      own.set(
        name,
        dags.filter(({ id }) => !imported.has(id)),
      );
    } catch (thrown) {
      importErrors[name] = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : `threw ${String(thrown)}`;
    }
  }
  const owners = new Map<string, Dag<unknown>>();
  for (const [name, dags] of [...own].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    for (const dag of dags) {
      const first = owners.get(dag.id);
      if (first === undefined) owners.set(dag.id, dag);
      else
        importErrors[name] =
          `DAG id "${dag.id}" is defined in ${first.spec.relativeFileloc} and again in ${name}; rename one of them`;
    }
  }
  return { dags: [...owners.values()], importErrors };
}

let loads = 0;

async function dagFiles(folder: string): Promise<readonly DagFile[]> {
  const [{ readFile, readdir }, path] = await Promise.all([import("node:fs/promises"), import("node:path")]);
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const names = entries
    .filter((entry) => entry.isFile() && MODULE.test(entry.name))
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)).split(path.sep).join("/"))
    .filter(
      (name) =>
        !LEFT_OUT.test(name) && !name.split("/").some((part) => part.startsWith(".") || part === "node_modules"),
    )
    .toSorted();
  const direct = new Map<string, readonly string[]>();
  for (const name of names) {
    const source = await readFile(path.join(folder, name), "utf8");
    const specifiers = Array.from(source.matchAll(IMPORT), ([, specifier = ""]) => specifier);
    const targets = specifiers.map((specifier) => path.posix.join(path.posix.dirname(name), specifier));
    direct.set(
      name,
      targets.flatMap((target) => names.filter((other) => isFile(other, target))),
    );
  }
  return names.map((name) => ({ name, path: path.resolve(folder, name), imports: reachable(direct, name) }));
}

function isFile(name: string, target: string): boolean {
  return name === target || name.replace(MODULE, "") === target || name.replace(MODULE, "") === `${target}/index`;
}

function reachable(direct: ReadonlyMap<string, readonly string[]>, from: string): ReadonlySet<string> {
  const found = new Set<string>();
  const visit = (name: string): void => {
    for (const next of direct.get(name) ?? []) {
      if (next === from || found.has(next)) continue;
      found.add(next);
      visit(next);
    }
  };
  visit(from);
  return found;
}

/** A file comes after those it imports, so that it is known whose a DAG is. */
function importedFirst(files: readonly DagFile[]): readonly DagFile[] {
  return files.toSorted((a, b) => a.imports.size - b.imports.size || (a.name < b.name ? -1 : 1));
}

/** `airflare.config.ts` in the folder or beside it: its switches count for the DAGs. */
async function loadConfig(folder: string): Promise<void> {
  const [{ existsSync }, path, { pathToFileURL }] = await Promise.all([
    import("node:fs"),
    import("node:path"),
    import("node:url"),
  ]);
  const found = [folder, path.dirname(path.resolve(folder))]
    .map((place) => path.resolve(place, "airflare.config.ts"))
    .find((file) => existsSync(file));
  if (found !== undefined) await import(/* @vite-ignore */ pathToFileURL(found).href);
}

let hooked = false;

/** The bundler takes relative imports without extension, and `airflare` wherever the DAG folder is; Node by itself does not. */
async function resolveAsTheBundlerDoes(): Promise<void> {
  if (hooked) return;
  hooked = true;
  const { registerHooks } = await import("node:module");
  const own: Readonly<Record<string, string>> = {
    airflare: new URL("../index.ts", import.meta.url).href,
    "airflare/testing": new URL("../testing.ts", import.meta.url).href,
  };
  registerHooks({
    resolve(specifier, context, nextResolve) {
      const candidates = specifier.startsWith(".")
        ? [specifier, `${specifier}.ts`, `${specifier}.js`, `${specifier}/index.ts`]
        : [specifier, ...(own[specifier] === undefined ? [] : [own[specifier]])];
      return firstResolved(candidates, (candidate) => nextResolve(candidate, context));
    },
  });
}

/** Throws the first error when nothing resolves: it names what the author wrote. */
function firstResolved<R>(candidates: readonly string[], resolve: (candidate: string) => R): R {
  let refusal: unknown;
  for (const candidate of candidates) {
    try {
      return resolve(candidate);
    } catch (thrown) {
      refusal ??= thrown;
    }
  }
  throw refusal;
}
