/**
 * @module Calls the project's wrangler as a child process.
 */
import { spawn } from "node:child_process";
import path from "node:path";
import process from "node:process";

/** Answers `wrangler(args, { show })`, which gives `{ code, output }`: stdout as text; `show` copies it to the terminal as it comes. */
export function createWrangler(projectFolder) {
  const bin = path.join(projectFolder, "node_modules/wrangler/bin/wrangler.js");
  return (args, { show = false } = {}) =>
    new Promise((resolve, reject) => {
      const child = spawn(process.execPath, [bin, ...args], {
        cwd: projectFolder,
        // Without a terminal wrangler asks nothing and edits no configuration.
        stdio: ["ignore", "pipe", show ? "inherit" : "ignore"],
        env: { ...process.env, WRANGLER_SEND_METRICS: "false" },
      });
      let output = "";
      child.stdout.on("data", (chunk) => {
        output += chunk;
        if (show) process.stdout.write(chunk);
      });
      child.once("error", reject);
      child.once("close", (code) => resolve({ code: code ?? 1, output }));
    });
}
