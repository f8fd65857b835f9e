/**
 * @module `airflare start` and `airflare deploy`: the scripts of the project under their other name.
 */
import { spawn } from "node:child_process";
import path from "node:path";
import process from "node:process";
import type { Command } from "../command.ts";

export const start: Command = {
  usage: "start",
  summary: "serve everything locally (as npm start)",
  run: async ({ args }) => runScript("start.mjs", args),
};

export const deploy: Command = {
  usage: "deploy [--dry-run] [--env <name>]",
  summary: "deploy to Cloudflare (as npm run deploy)",
  run: async ({ args }) => runScript("deploy.mjs", args),
};

/** Ends as the script ends. Signals reach the script too. */
async function runScript(name: string, args: readonly string[]): Promise<void> {
  const file = path.join(import.meta.dirname, "../../../scripts", name);
  const child = spawn(process.execPath, [file, ...args], { stdio: "inherit" });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => child.kill(signal));
  process.exitCode = await new Promise<number>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => resolve(code ?? 1));
  });
}
