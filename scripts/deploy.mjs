/**
 * @module `npm run deploy`: checks the account, creates what is missing, migrates, sets missing secrets, deploys. `--dry-run` only lists the steps, without an account.
 */
import process from "node:process";
import { prepare, runWith } from "./launch/prepare.mjs";

const node = await prepare();
await runWith(node, "scripts/deploy/main.mjs", process.argv.slice(2));
