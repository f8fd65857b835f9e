/**
 * @module Scans the DAG folder: bundles each file by itself, evaluates it, says which DAGs it owns, writes the index.
 *
 * A file that does not bundle or throws at load is an import error of that file only. Results are kept by content, so a repeat evaluates only what changed.
 */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import fs from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { bundleAuthoringApi, bundleDagFile } from "./bundle.mjs";
import { evaluateFiles } from "./evaluate.mjs";
import { listDagFiles } from "./list-dag-files.mjs";
import { ownedDags } from "./owned-dags.mjs";
import { renderDagIndex } from "./render.mjs";

const sha256 = (/** @type {string} */ text) => createHash("sha256").update(text).digest("hex");

/** How long one file may take to load: Airflow's `dagbag_import_timeout`. */
const LOAD_TIMEOUT_MS = 30_000;

/** One generator per DAG folder; `generate()` may be called as often as files change, one call at a time. */
export function createDagIndexGenerator({ projectFolder, dagFolder, outFile, loadTimeoutMs = LOAD_TIMEOUT_MS }) {
  /** What a file defined, by the hash of its bundle and of the authoring API. */
  let evaluated = new Map();

  async function evaluateChanged(bundles, config, apiHash, workFolder) {
    const base = sha256(`${apiHash}:${config?.code}`);
    const keys = new Map(bundles.map(({ file, code }) => [file, `${file}:${base}:${sha256(code)}`]));
    const changed = bundles.filter(({ file }) => !evaluated.has(keys.get(file)));
    const options = { workFolder, loadTimeoutMs, config };
    const answers = changed.length === 0 ? new Map() : await evaluateFiles(changed, options);
    const next = new Map();
    for (const { file } of bundles) next.set(keys.get(file), answers.get(file) ?? evaluated.get(keys.get(file)));
    evaluated = next;
    return new Map(bundles.map(({ file }) => [file, next.get(keys.get(file))]));
  }

  async function generate() {
    const files = await listDagFiles(dagFolder);
    const workFolder = await fs.realpath(await fs.mkdtemp(path.join(os.tmpdir(), "airflare-dags-")));
    try {
      const apiHash = files.length === 0 ? "" : await bundleAuthoringApi(projectFolder, workFolder);
      const results = await Promise.all(files.map((file) => bundleDagFile(dagFolder, file)));
      const configFile = findConfig(dagFolder);
      const config = configFile === null ? null : await bundleDagFile(dagFolder, configFile);
      const bundles = [config, ...results].filter((result) => result !== null && result.error === null);
      const answers = await evaluateChanged(bundles, config, apiHash, workFolder);
      const { dags, importErrors } = ownedDags([...results, ...(config === null ? [] : [config])], answers);
      const sources = Object.fromEntries(
        await Promise.all(files.map(async (file) => [file, await fs.readFile(path.join(dagFolder, file), "utf8")])),
      );
      const configLoads = config !== null && !importErrors.some(({ file }) => file === configFile);
      const bundleHash = sha256(JSON.stringify([results, config, dags, importErrors, apiHash]));
      const text = renderDagIndex({
        dagFolder,
        outFile,
        bundleHash,
        dags,
        importErrors,
        sources,
        configFile: configLoads ? configFile : null,
      });
      const changed = await writeIfChanged(outFile, text);
      const inputs = new Set([config, ...results].flatMap((result) => result?.inputs ?? []));
      return { dagIds: Object.keys(dags), files, importErrors, changed, inputs };
    } finally {
      await fs.rm(workFolder, { recursive: true, force: true });
    }
  }

  return { generate };
}

/** `airflare.config.ts` in the folder or beside it, relative to the folder; null without one: names are then plain strings. */
function findConfig(dagFolder) {
  const places = ["airflare.config.ts", "../airflare.config.ts"];
  return places.find((place) => existsSync(path.join(dagFolder, place))) ?? null;
}

/** Nothing is written when nothing changed: watchers of the index stay quiet. */
async function writeIfChanged(file, text) {
  const before = await fs.readFile(file, "utf8").catch(() => null);
  if (before === text) return false;
  await fs.mkdir(path.dirname(file), { recursive: true });
  // Another build may be writing the same index.
  const written = `${file}.${process.pid}`;
  await fs.writeFile(written, text);
  await fs.rename(written, file);
  return true;
}
