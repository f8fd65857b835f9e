/**
 * @module Bundles the Worker for the local start, with the index of any DAG folder. Incremental: a rebuild takes a fraction of wrangler's.
 *
 * The deployed bundle is wrangler's own; both use esbuild with the same conditions and leave `node:*` and `cloudflare:*` to workerd.
 */
import path from "node:path";
import { context } from "esbuild";

/** `airflare` names this project wherever the importing file is. */
function aliases(projectFolder, entryFile) {
  const source = (file) => path.join(projectFolder, "src", file);
  return {
    airflare: source("index.ts"),
    "airflare/testing": source("testing.ts"),
    "airflare/worker": path.resolve(projectFolder, entryFile),
  };
}

/** Answers `{ code, inputs }` per `build()`; `inputs` are absolute paths outside node_modules. `entryFile` is the deployed entry unless another one wraps it. */
export async function createWorkerBundler({ projectFolder, indexFile, entryFile = "src/worker.ts" }) {
  const generated = path.join(projectFolder, "src/generated/dags.ts");
  const ownIndex = {
    name: "own-dag-index",
    setup({ onResolve }) {
      onResolve({ filter: /generated\/dags\.ts$/ }, ({ path: target, resolveDir }) =>
        path.resolve(resolveDir, target) === generated ? { path: indexFile } : undefined,
      );
    },
  };
  const bundler = await context({
    entryPoints: [path.join(import.meta.dirname, "local-worker.mjs")],
    outfile: "worker.js",
    absWorkingDir: projectFolder,
    alias: aliases(projectFolder, entryFile),
    bundle: true,
    write: false,
    metafile: true,
    format: "esm",
    target: "es2024",
    conditions: ["workerd", "worker", "browser"],
    external: ["node:*", "cloudflare:*"],
    define: { "process.env.NODE_ENV": '"development"' },
    keepNames: true,
    logLevel: "silent",
    plugins: [ownIndex],
  });
  return {
    async build() {
      const { outputFiles, metafile } = await bundler.rebuild();
      const inputs = Object.keys(metafile.inputs)
        .filter((input) => !/(^|\/)node_modules\//.test(input))
        .map((input) => path.resolve(projectFolder, input));
      return { code: outputFiles[0].text, inputs };
    },
    dispose: () => bundler.dispose(),
  };
}
