/**
 * @module Tells the guard process about each workerd that Miniflare starts in this process.
 */
import { fork } from "node:child_process";
import { subscribe } from "node:diagnostics_channel";
import process from "node:process";
import { fileURLToPath } from "node:url";

/** Called once, before Miniflare starts. */
export function guardWorkerd() {
  const guard = fork(fileURLToPath(new URL("./guard.mjs", import.meta.url)), [], { execArgv: [], stdio: "ignore" });
  // The guard ends by itself; it must not keep this process alive.
  guard.unref();
  guard.channel?.unref();
  guard.on("error", (error) =>
    process.stderr.write(`no guard for workerd (${error.message}): end it by hand if this process is killed\n`),
  );
  const tell = (message) => guard.connected && guard.send(message);
  subscribe("child_process", ({ process: child }) => {
    child.once("spawn", () => {
      if (!/workerd(\.exe)?$/.test(child.spawnfile)) return;
      tell({ started: child.pid });
      child.once("exit", () => tell({ ended: child.pid }));
    });
  });
}
