/**
 * @module Installs the packages of the lock file, once: a stamp in node_modules holds the lock's hash, so that later starts need no network.
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";

/** Null when everything is there, else what went wrong and what to do. */
export async function installDependencies(projectFolder) {
  const modules = path.join(projectFolder, "node_modules");
  const lockText = readFileSync(path.join(projectFolder, "package-lock.json"), "utf8");
  const stampFile = path.join(modules, ".airflare-lock-hash");
  const stamp = createHash("sha256").update(`${process.platform} ${process.arch}\n${lockText}`).digest("hex");
  if (existsSync(stampFile) && readFileSync(stampFile, "utf8") === stamp) return null;
  if (!matchesLock(modules, JSON.parse(lockText).packages)) {
    process.stdout.write("installing packages (once; needs the network)\n");
    // `npm ci` would first empty a node_modules that is there, and leave nothing when the network is gone.
    const args = existsSync(modules) ? ["install", "--no-save"] : ["ci"];
    const code = await npm([...args, "--no-audit", "--no-fund", "--loglevel=error"], projectFolder);
    if (code === null) return "npm was not found: install npm 10 or later (it comes with Node)";
    if (code !== 0) return `npm ${args[0]} failed (see above): check the network, then start again`;
  }
  writeFileSync(stampFile, stamp);
  return null;
}

/** True when what npm says it installed (`.package-lock.json`) has every package of the lock that is not optional, in its version. */
function matchesLock(modules, wanted) {
  const installedFile = path.join(modules, ".package-lock.json");
  if (!existsSync(installedFile)) return false;
  const installed = JSON.parse(readFileSync(installedFile, "utf8")).packages;
  return Object.entries(wanted).every(
    ([folder, { version, optional }]) => folder === "" || optional === true || installed[folder]?.version === version,
  );
}

/** Exit code of npm, null when there is none. Under `npm start` the same npm is used, without a shell. */
function npm(args, cwd) {
  const own = process.env["npm_execpath"];
  const isScript = own !== undefined && /npm-cli\.[cm]?js$/.test(own);
  const [command, commandArgs] = isScript ? [process.execPath, [own, ...args]] : ["npm", args];
  return new Promise((resolve) => {
    // On Windows `npm` is a command script, which only a shell can run; the arguments are constants.
    const child = spawn(command, commandArgs, {
      cwd,
      stdio: "inherit",
      shell: !isScript && process.platform === "win32",
    });
    child.on("error", () => resolve(null));
    child.on("exit", (code) => resolve(code ?? 1));
  });
}
