/**
 * @module Pattern "Connection Management": open. A hook over a connection that does not exist is an error that names it.
 */
import * as authoring from "airflare";
import { expect, test } from "vitest";

test("hooks are not there yet: their ledger rows are open until they are", () => {
  expect(Object.keys(authoring).filter((name) => name.endsWith("Hook"))).toEqual([]);
});
