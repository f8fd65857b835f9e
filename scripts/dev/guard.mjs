/**
 * @module A process of its own that outlives the local start by a moment: when that is killed without warning, it ends the workerd left behind,
 * which would keep the port and the state folder.
 */
import process from "node:process";

const alive = new Set();

// A Ctrl-C goes to every process of the terminal; this one has to be the last.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => {});

process.on("message", ({ started, ended }) => {
  if (started !== undefined) alive.add(started);
  if (ended !== undefined) alive.delete(ended);
});

process.on("disconnect", () => {
  for (const pid of alive) {
    try {
      process.kill(pid, "SIGKILL");
    } catch (error) {
      if (error.code !== "ESRCH") throw error;
    }
  }
  process.exit(0);
});
