#!/usr/bin/env node
/**
 * @module The command `airflare`. Its code is TypeScript, so an older Node hands over to the one that npm installed with the project.
 */
import process from "node:process";
import { prepare, runWith } from "../scripts/launch/prepare.mjs";

/** The first that reads TypeScript without a flag. */
const NODE_VERSION_MIN = "22.18";

const node = await prepare(NODE_VERSION_MIN);
await runWith(node, "src/cli/main.ts", process.argv.slice(2));
