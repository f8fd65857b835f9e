/**
 * @module When `npm start` and `npm test` call npm, against an npm that only writes down what it was asked.
 */
import fs from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { installDependencies } from "../../../scripts/launch/install.mjs";

let project = "";

beforeEach(async () => {
  project = await fs.mkdtemp(path.join(os.tmpdir(), "airflare install "));
  await writeLock("1.0.0");
  await useNpm(0);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await fs.rm(project, { recursive: true, force: true });
});

async function writeLock(version: string): Promise<void> {
  const packages = {
    "": { name: "x" },
    "node_modules/a": { version },
    "node_modules/mac-only": { version: "1.0.0", optional: true },
  };
  await fs.writeFile(path.join(project, "package-lock.json"), JSON.stringify({ packages }));
}

/** An npm that ends with `code`; with 0 it "installs" what the lock says. */
async function useNpm(code: number): Promise<void> {
  const script = path.join(project, "npm-cli.js");
  await fs.writeFile(
    script,
    `const fs = require("node:fs");
fs.appendFileSync("calls", process.argv[2] + "\\n");
if (${code} === 0) {
  fs.mkdirSync("node_modules", { recursive: true });
  const { packages } = JSON.parse(fs.readFileSync("package-lock.json", "utf8"));
  delete packages["node_modules/mac-only"];
  fs.writeFileSync("node_modules/.package-lock.json", JSON.stringify({ packages }));
}
process.exit(${code});`,
  );
  vi.stubEnv("npm_execpath", script);
}

async function calls(): Promise<string[]> {
  const text = await fs.readFile(path.join(project, "calls"), "utf8").catch(() => "");
  return text.split("\n").filter((line) => line !== "");
}

test("the first time everything is installed, the second time npm is not called", async () => {
  expect(await installDependencies(project)).toBeNull();
  expect(await installDependencies(project)).toBeNull();
  expect(await calls()).toEqual(["ci"]);
});

test("packages that somebody installed already are taken as they are", async () => {
  await fs.mkdir(path.join(project, "node_modules"));
  const packages = { "node_modules/a": { version: "1.0.0" } };
  await fs.writeFile(path.join(project, "node_modules/.package-lock.json"), JSON.stringify({ packages }));
  expect(await installDependencies(project)).toBeNull();
  expect(await calls()).toEqual([]);
});

test("a changed lock is installed over what is there, without emptying it first", async () => {
  await installDependencies(project);
  await writeLock("1.1.0");
  expect(await installDependencies(project)).toBeNull();
  expect(await calls()).toEqual(["ci", "install"]);
});

test("a failing npm is reported with what to do, and tried again the next time", async () => {
  await useNpm(1);
  expect(await installDependencies(project)).toMatch(/npm ci failed .*check the network/);
  expect(await installDependencies(project)).toMatch(/npm ci failed/);
  expect(await calls()).toEqual(["ci", "ci"]);
});
