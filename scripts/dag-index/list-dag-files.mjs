/**
 * @module Which files of the DAG folder are looked at: TypeScript and JavaScript modules, not tests, declarations, hidden folders or packages.
 */
import fs from "node:fs/promises";
import path from "node:path";

const MODULE = /\.(ts|mts|js|mjs)$/;
const LEFT_OUT = /(\.d\.m?ts|\.test\.m?[tj]s|^airflare\.config\.ts)$/;

/** Paths below the folder, with `/`, sorted. A missing folder is an error that names it. */
export async function listDagFiles(dagFolder) {
  const found = [];
  async function visit(below) {
    for (const entry of await fs.readdir(path.join(dagFolder, below), { withFileTypes: true })) {
      if (entry.name.startsWith(".") || entry.name === "node_modules") continue;
      const file = below === "" ? entry.name : `${below}/${entry.name}`;
      if (entry.isDirectory()) await visit(file);
      else if (MODULE.test(entry.name) && !LEFT_OUT.test(file)) found.push(file);
    }
  }
  await visit("").catch((error) => {
    if (error.code !== "ENOENT" && error.code !== "ENOTDIR") throw error;
    throw new Error(`no DAG folder at ${dagFolder}: create it, or name another one with AIRFLARE_DAGS`, {
      cause: error,
    });
  });
  return found.sort();
}
