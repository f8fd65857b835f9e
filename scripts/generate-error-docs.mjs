/**
 * @module Writes `docs/errors.md` from the table of error codes in `src/model/error.ts`. Needs a Node that reads TypeScript, as every npm script has.
 */
import fs from "node:fs/promises";
import { ERROR_CODES } from "../src/model/error.ts";
import { renderErrorDocs } from "./error-docs.mjs";

await fs.writeFile(new URL("../docs/errors.md", import.meta.url), renderErrorDocs(ERROR_CODES));
