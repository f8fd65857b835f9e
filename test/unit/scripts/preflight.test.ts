/**
 * @module What a machine must have to run Airflare, and which Node is picked.
 */
import fs from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { chooseNode } from "../../../scripts/launch/choose-node.mjs";
import { atLeast, machineProblem } from "../../../scripts/launch/preflight.mjs";

const laptop = { node: "20.20.2", platform: "linux", arch: "x64", release: "6.8.0", glibc: "2.35" };

test.each([
  ["20.0.0", "20.0", true],
  ["19.9.0", "20.0", false],
  ["22.12.0", "22.12", true],
  ["22.9.0", "22.12", false],
  ["2.35", "2.35", true],
  ["2.4", "2.35", false],
  ["25.0.0-nightly", "22.12", true],
])("version %s is at least %s: %s", (a, b, answer) => {
  expect(atLeast(a, b)).toBe(answer);
});

test.each([
  ["Linux with Node 20", {}],
  ["Node 26", { node: "26.1.0" }],
  ["macOS 14 on arm64", { platform: "darwin", arch: "arm64", release: "23.4.0", glibc: null }],
  ["Windows", { platform: "win32", release: "10.0.22631", glibc: null }],
])("%s is fine", (_name, change) => {
  expect(machineProblem({ ...laptop, ...change })).toBeNull();
});

test.each([
  ["an old Node", { node: "18.20.0" }, /Node 18\.20\.0 is too old: install Node 20/],
  ["another system", { platform: "freebsd" }, /no workerd for freebsd: use Linux/],
  ["a 32-bit processor", { arch: "ia32" }, /no workerd for ia32/],
  ["an old glibc", { glibc: "2.31" }, /glibc 2\.35, and this system has 2\.31: use Ubuntu 22\.04/],
  ["musl", { glibc: null }, /another C library \(musl\): use a Debian/],
  ["an old macOS", { platform: "darwin", release: "21.6.0", glibc: null }, /macOS 13\.5 or later/],
])("%s is refused in one line with the remedy", (_name, change, problem) => {
  const answer = machineProblem({ ...laptop, ...change });
  expect(answer).toMatch(problem);
  expect(answer).not.toContain("\n");
});

test("a Node that is new enough is used, an older one hands over to the project's own", async () => {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), "airflare-node-"));
  const old = { version: "20.20.2", execPath: "/usr/bin/node" };
  expect(chooseNode(folder, "22.12", { version: "22.12.0", execPath: "/usr/bin/node" }).node).toBe("/usr/bin/node");
  expect(chooseNode(folder, "22.12", old)).toMatchObject({
    node: null,
    problem: expect.stringContaining("npm rebuild node"),
  });

  const own = path.join(folder, "node_modules/node/bin/node");
  await fs.mkdir(path.dirname(own), { recursive: true });
  await fs.writeFile(own, "");
  expect(chooseNode(folder, "22.12", old)).toEqual({ node: own, problem: null });
  await fs.rm(folder, { recursive: true });
});
