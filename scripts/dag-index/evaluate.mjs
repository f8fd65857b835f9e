/**
 * @module Evaluates bundled DAG files in a child process, so that a file which hangs, exits or breaks the process is an import error of that file only.
 */
import { fork } from "node:child_process";
import fs from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";

/** Answers `{ dags: [{ dagId, specHash }], error }` by file. `config` (null without one) is loaded before them in every child. */
export async function evaluateFiles(bundles, { workFolder, loadTimeoutMs, config }) {
  const modules = await Promise.all(
    [config, ...bundles].map(async (bundle, number) => {
      if (bundle === null || bundle.error !== null) return null;
      const modulePath = path.join(workFolder, `dag-${number}.js`);
      await fs.writeFile(modulePath, bundle.code);
      return { file: bundle.file, modulePath };
    }),
  );
  const answers = new Map();
  let first = modules[0] ?? null;
  let left = modules.slice(1);
  while (left.length > 0) {
    const list = first === null ? left : [first, ...left];
    const stoppedBy = await evaluateInChild(list, { workFolder, loadTimeoutMs, answers });
    left = left.filter(({ file }) => !answers.has(file));
    const culprit = first !== null && !answers.has(first.file) ? first : left[0];
    if (culprit === undefined) break;
    answers.set(culprit.file, { dags: [], error: stoppedBy });
    if (culprit === first) first = null;
    left = left.filter(({ file }) => !answers.has(file));
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
