/**
 * @module The storage cases on `node:sqlite`.
 */
import { expect, test } from "vitest";
import { nodeSql } from "../support/node-sql.ts";
import { STORAGE_CASES } from "./storage-cases.ts";

test.each(STORAGE_CASES)("$name", ({ run }) => {
  run(nodeSql());
  expect.hasAssertions();
});
