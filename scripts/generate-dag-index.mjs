/**
 * @module Writes the index of the DAG folder (`src/generated/dags.ts`): which file defines which DAG, and which files do not load.
 *
 * `node scripts/generate-dag-index.mjs [--dags <folder>] [--out <file>]`; the folder is else `AIRFLARE_DAGS`, else `dags`. wrangler runs it before each build.
 */
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { createDagIndexGenerator } from "./dag-index/generator.mjs";

const projectFolder = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const { values } = parseArgs({ options: { dags: { type: "string" }, out: { type: "string" } } });
const dagFolder = path.resolve(values.dags ?? process.env["AIRFLARE_DAGS"] ?? path.join(projectFolder, "dags"));
const outFile = path.resolve(values.out ?? path.join(projectFolder, "src/generated/dags.ts"));

const generator = createDagIndexGenerator({ projectFolder, dagFolder, outFile });
try {
  const { dagIds, files, importErrors, changed } = await generator.generate();
  const unchanged = changed ? "" : " (index unchanged)";
  process.stdout.write(
    `${dagIds.length} DAGs in ${files.length} files, ${importErrors.length} import errors${unchanged}\n`,
  );
  for (const { file, message } of importErrors) process.stderr.write(`import error in ${file}: ${message}\n`);
} catch (error) {
  process.stderr.write(`no DAG index: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
