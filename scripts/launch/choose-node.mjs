/**
 * @module Which Node runs the tools: the running one when it is new enough, else the one that npm installed with the project.
 */
import { existsSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { atLeast } from "./preflight.mjs";

/** `node` is a path, or null with `problem` saying what to do. */
export function chooseNode(
  projectFolder,
  versionMin,
  running = { version: process.versions.node, execPath: process.execPath },
) {
  if (atLeast(running.version, versionMin)) return { node: running.execPath, problem: null };
  const bin = path.join(projectFolder, "node_modules/node/bin");
  const node = ["node", "node.exe"].map((name) => path.join(bin, name)).find((file) => existsSync(file));
  if (node !== undefined) return { node, problem: null };
  return {
    node: null,
    problem: `Node ${running.version} is too old for the tools, and npm did not install the project's own (install scripts are off?): run \`npm rebuild node --ignore-scripts=false\`, or use Node ${versionMin} or later`,
  };
}
