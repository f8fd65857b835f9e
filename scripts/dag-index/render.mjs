/**
 * @module The text of `src/generated/dags.ts`: a lazy import per file that loads, so that at run time only the file of the DAG at hand is evaluated.
 */
import path from "node:path";

/** A file on another drive than the index is imported by its absolute path. */
function importPath(outFile, target) {
  const relative = path.relative(path.dirname(outFile), target).split(path.sep).join("/");
  return relative.startsWith(".") || path.isAbsolute(relative) ? relative : `./${relative}`;
}

/** `configFile` is null when there is none or it does not load. One file per DAG id, in `dags`; helpers that define none and files that do not load are not imported. */
export function renderDagIndex({ dagFolder, outFile, bundleHash, dags, importErrors, sources, configFile }) {
  const files = [...new Set(Object.values(dags).map(({ file }) => file))].sort();
  const line = (key, value) => `    ${JSON.stringify(key)}: ${value},\n`;
  const json = (value) => JSON.stringify(value);
  return [
    "/**\n * @module Generated from the DAG folder by scripts/generate-dag-index.mjs. Not edited, not committed.\n */\n",
    'import type { DagIndex } from "../dag/dag-index.ts";\n',
    // The project's declarations count before any DAG file loads.
    configFile === null ? "" : `import ${json(importPath(outFile, path.join(dagFolder, configFile)))};\n`,
    "\n",
    "export const dagIndex: DagIndex = {\n",
    `  bundleHash: ${json(bundleHash)},\n`,
    `  dags: {\n${Object.entries(dags)
      .map(([id, dag]) => line(id, json(dag)))
      .join("")}  },\n`,
    `  files: {\n${files.map((file) => line(file, `() => import(${json(importPath(outFile, path.join(dagFolder, file)))})`)).join("")}  },\n`,
    `  importErrors: [\n${importErrors.map((error) => `    ${json(error)},\n`).join("")}  ],\n`,
    `  sources: {\n${Object.entries(sources)
      .map(([file, text]) => line(file, json(text)))
      .join("")}  },\n`,
    "};\n",
  ].join("");
}
