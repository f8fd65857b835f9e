/**
 * @module `npm test`: checks the machine, installs what is missing, then runs the tests. Arguments go to vitest: `npm test -- test/unit/engine`.
 */
import process from "node:process";
import { prepare, runWith } from "./launch/prepare.mjs";

const node = await prepare();
await runWith(node, "scripts/test/main.mjs", process.argv.slice(2));
