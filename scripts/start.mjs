/**
 * @module `npm start`: checks the machine, installs what is missing, then serves Airflare locally. Plain JavaScript for Node 20 with nothing installed.
 */
import process from "node:process";
import { prepare, runWith } from "./launch/prepare.mjs";

const node = await prepare();
await runWith(node, "scripts/dev/main.mjs", process.argv.slice(2));
