/**
 * @module The storage cases on `node:sqlite`.
 */
import { expect, test } from "vitest";
import { nodeSql } from "../support/node-sql.ts";
import { withTables } from "../../src/cloudflare/dag-run/tables.ts";
import { STORAGE_CASES } from "./storage-cases.ts";

test.each(STORAGE_CASES)("$name", ({ run }) => {
  run(withTables(nodeSql()));
  expect.hasAssertions();
});
