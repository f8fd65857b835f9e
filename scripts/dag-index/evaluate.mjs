/**
 * @module Evaluates bundled DAG files in a child process, so that a file which hangs, exits or breaks the process is an import error of that file only.
 */
import { fork } from "node:child_process";
import fs from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";

/** Answers `{ dags: [{ dagId, specHash }], error }` by file. */
export async function evaluateFiles(bundles, workFolder, loadTimeoutMs) {
  const modules = await Promise.all(
    bundles.map(async ({ file, code }, number) => {
      const modulePath = path.join(workFolder, `dag-${number}.js`);
      await fs.writeFile(modulePath, code);
      return { file, modulePath };
    }),
  );
  const answers = new Map();
  let left = modules;
  while (left.length > 0) {
    const stoppedBy = await evaluateInChild(left, { workFolder, loadTimeoutMs, answers });
    left = left.filter(({ file }) => !answers.has(file));
    if (left.length > 0) {
      answers.set(left[0].file, { dags: [], error: stoppedBy });
      left = left.slice(1);
    }
  }
  return answers;
}

/** Fills `answers` in order of the list. Resolves when the child is gone, with the reason for the file it was at. */
function evaluateInChild(modules, { workFolder, loadTimeoutMs, answers }) {
  return new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(new URL("./evaluate-child.mjs", import.meta.url)), [workFolder], {
      execArgv: ["--enable-source-maps", "--no-warnings"],
      stdio: ["ignore", "ignore", "pipe", "ipc"],
      serialization: "advanced",
    });
    let timedOut = false;
    let stderr = "";
    let timer;
    const startTimer = () => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        timedOut = true;
        child.kill("SIGKILL");
      }, loadTimeoutMs);
    };
    child.stderr.on("data", (chunk) => (stderr = (stderr + chunk).slice(-2000)));
    child.on("message", ({ file, dags, error }) => {
      answers.set(file, { dags, error });
      startTimer();
    });
    child.on("error", reject);
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      const ended =
        `the file ended the process that loads it (${signal ?? `exit code ${code}`}). ${stderr.trim()}`.trim();
      resolve(timedOut ? `the file did not load within ${loadTimeoutMs / 1000} s: move slow work into a task` : ended);
    });
    startTimer();
    child.send(modules);
  });
}
