/**
 * @module Runs a TypeScript program of the project from a fresh clone: checks the machine, installs what is missing, chooses a Node that runs TypeScript.
 * `node scripts/run.mjs bench/main.ts --help`
 */
import process from "node:process";
import { prepare, runWith } from "./launch/prepare.mjs";

/** From here on Node runs TypeScript without a flag. */
const TYPESCRIPT_NODE_VERSION_MIN = "22.18";

const [program, ...args] = process.argv.slice(2);
if (program === undefined) throw new Error("usage: node scripts/run.mjs PROGRAM [ARGUMENT ...]");
const node = await prepare(TYPESCRIPT_NODE_VERSION_MIN);
await runWith(node, program, args);
