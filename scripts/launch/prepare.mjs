/**
 * @module The way from a fresh clone to a Node that can run everything: preflight, install, choice of Node.
 */
import { spawn } from "node:child_process";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";
import { chooseNode } from "./choose-node.mjs";
import { installDependencies } from "./install.mjs";
import { machineProblem } from "./preflight.mjs";

/** What wrangler and vitest need. */
const TOOLS_NODE_VERSION_MIN = "22.12";

const projectFolder = path.dirname(path.dirname(path.dirname(fileURLToPath(import.meta.url))));

/**
 * Answers the path of the Node to use, at least of the version given. Ends the process with one line that names the remedy when something is missing.
 */
export async function prepare(nodeVersionMin = TOOLS_NODE_VERSION_MIN) {
  const problem = machineProblem(describeMachine()) ?? (await installDependencies(projectFolder));
  if (problem !== null) fail(problem);
  const { node, problem: noNode } = chooseNode(projectFolder, nodeVersionMin);
  if (node === null) fail(noNode);
  return node;
}

function fail(problem) {
  process.stderr.write(`airflare: ${problem}\n`);
  process.exit(1);
}

function describeMachine() {
  return {
    node: process.versions.node,
    platform: process.platform,
    arch: process.arch,
    release: os.release(),
    glibc: glibcVersion(),
  };
}

/** The C library's version, null where there is none to ask (musl, other systems). */
function glibcVersion() {
  if (process.platform !== "linux") return null;
  // Without this the report resolves the names of all network peers first.
  process.report.excludeNetwork = true;
  return process.report.getReport().header.glibcVersionRuntime ?? null;
}

/** Runs a script of the project: in this process when its Node will do, else in a child that ends with this process. */
export async function runWith(node, script, args) {
  const file = path.join(projectFolder, script);
  if (node === process.execPath) {
    process.argv.splice(1, process.argv.length, file, ...args);
    await import(pathToFileURL(file).href);
    return;
  }
  // The open channel tells the child when this process is gone, however it ended.
  const child = spawn(node, [file, ...args], { stdio: ["inherit", "inherit", "inherit", "ipc"] });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  const parent = process.ppid;
  const underNpm = process.env["npm_lifecycle_event"] !== undefined;
  // An npm that was killed cannot pass the signal on; its child finds itself with another parent.
  if (underNpm) setInterval(() => process.ppid !== parent && child.kill("SIGTERM"), 1000).unref();
  child.on("error", (error) => fail(`${node} does not start (${error.message}): remove node_modules and start again`));
  child.on("exit", (code, signal) => process.exit(code ?? (signal === "SIGINT" ? 130 : 143)));
}
