/**
 * @module The tests of `npm test`: makes the DAG index, runs vitest, ends with one line that counts.
 */
import { spawn } from "node:child_process";
import fs from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { createDagIndexGenerator } from "../dag-index/generator.mjs";

const projectFolder = path.dirname(path.dirname(path.dirname(fileURLToPath(import.meta.url))));
const asked = process.argv.slice(2);
// The fault suite waits for minutes, the services suite installs servers: both are asked for by name.
const args = asked.includes("--project") ? asked : ["--project=!fault", "--project=!services", ...asked];
const workFolder = await fs.mkdtemp(path.join(os.tmpdir(), "airflare-test-"));
const countFile = path.join(workFolder, "count.json");

const generator = createDagIndexGenerator({
  projectFolder,
  dagFolder: path.join(projectFolder, "dags"),
  outFile: path.join(projectFolder, "src/generated/dags.ts"),
});
await generator.generate();
const code = await vitest();
const count = await fs.readFile(countFile, "utf8").then(JSON.parse, () => ({ passed: 0, failed: 0 }));
await fs.rm(workFolder, { recursive: true, force: true });
// A run that broke without a failed test must not look like a passed one.
const failed = code !== 0 && count.failed === 0 ? 1 : count.failed;
process.stdout.write(`${count.passed} passed, ${failed} failed\n`);
process.exitCode = failed === 0 ? 0 : 1;

function vitest() {
  const bin = path.join(projectFolder, "node_modules/vitest/vitest.mjs");
  const counter = path.join(projectFolder, "scripts/test/count-reporter.mjs");
  const child = spawn(process.execPath, [bin, "run", "--reporter=default", `--reporter=${counter}`, ...args], {
    cwd: projectFolder,
    stdio: "inherit",
    env: {
      ...process.env,
      AIRFLARE_TEST_COUNT: countFile,
      X_LOCAL_OBSERVABILITY: "false",
      WRANGLER_SEND_METRICS: "false",
    },
  });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (exitCode) => resolve(exitCode ?? 1));
  });
}
