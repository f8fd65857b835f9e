/**
 * @module Bundles for evaluation in Node: the authoring API once, each DAG file by itself with the API left outside and the platform's modules stubbed.
 */
import { createHash } from "node:crypto";
import fs from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const SHARED = {
  bundle: true,
  format: "esm",
  platform: "neutral",
  target: "node20",
  mainFields: ["module", "main"],
  conditions: ["workerd", "worker", "module"],
  external: ["node:*"],
  logLevel: "silent",
  tsconfigRaw: "{}",
};

/** `cloudflare:workers` and its like exist only in workerd; at load a DAG file may import them but not use them. */
const platformStubs = {
  name: "platform-stubs",
  setup({ onResolve }) {
    const stub = fileURLToPath(new URL("./platform-stub.cjs", import.meta.url));
    onResolve({ filter: /^cloudflare:/ }, () => ({ path: stub }));
  },
};

/** `import ... from "airflare"` means the API bundle beside the evaluated file, wherever the DAG folder is. */
const authoringApiOutside = {
  name: "authoring-api-outside",
  setup({ onResolve }) {
    onResolve({ filter: /^airflare$/ }, () => ({ path: "./airflare.js", external: true }));
  },
};

/** Writes `airflare.js` and `dag-registry.js` into the folder; answers a hash of them. */
export async function bundleAuthoringApi(projectFolder, outdir) {
  const source = (file) => path.join(projectFolder, "src", file);
  const entryPoints = { airflare: source("index.ts"), "dag-registry": source("dag/dag-registry.ts") };
  const { outputFiles } = await build({
    ...SHARED,
    entryPoints,
    outdir,
    splitting: true,
    write: false,
    absWorkingDir: projectFolder,
    plugins: [platformStubs],
  });
  await Promise.all(outputFiles.map((output) => fs.writeFile(output.path, output.contents)));
  return createHash("sha256")
    .update(outputFiles.map((output) => output.text).join("\n"))
    .digest("hex");
}

/**
 * Bundles one DAG file with what it imports. `error` is null, or one text with place and reason of everything the bundler refuses;
 * `inputs` are the files it is made of, relative to the DAG folder: a change of one of them is a change of the file; `imports` are those beside itself.
 */
export async function bundleDagFile(dagFolder, file) {
  try {
    const { outputFiles, metafile } = await build({
      ...SHARED,
      entryPoints: [path.join(dagFolder, file)],
      outfile: "dag.js",
      write: false,
      metafile: true,
      sourcemap: "inline",
      sourcesContent: false,
      // Paths in the output are relative to the DAG folder: the same folder elsewhere gives the same bundle.
      absWorkingDir: dagFolder,
      plugins: [platformStubs, authoringApiOutside],
    });
    // Paths in a metafile are relative to the working folder and use `/` on every system.
    const inputs = Object.keys(metafile.inputs);
    return { file, error: null, code: outputFiles[0].text, inputs, imports: inputs.filter((input) => input !== file) };
  } catch (failure) {
    if (!Array.isArray(failure.errors)) throw failure;
    return { file, error: failure.errors.map(messageText).join("\n"), code: "", inputs: [file], imports: [] };
  }
}

function messageText({ text, location }) {
  if (location === null) return text;
  return `${location.file}:${location.line}:${location.column + 1}: ${text}\n    ${location.lineText.trim()}`;
}
