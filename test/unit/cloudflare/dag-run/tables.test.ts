/**
 * @module What a run's object knows of its own tables without asking: no kind of text is taken for absent that is there.
 */
import { expect, test } from "vitest";
import { Cell, putCell, readCell } from "../../../../src/cloudflare/dag-run/cells.ts";
import { hasNoCells, withTables } from "../../../../src/cloudflare/dag-run/tables.ts";
import { nodeSql } from "../../../support/node-sql.ts";

test("in a new table a kind is absent until it is written; in one that was found nothing is known", () => {
  const plain = nodeSql();
  const sql = withTables(plain);
  expect(hasNoCells(sql, Cell.XCOMS)).toBe(false);
  putCell(sql, Cell.STATE, 0, "state");
  expect([hasNoCells(sql, Cell.STATE), hasNoCells(sql, Cell.XCOMS)]).toEqual([false, true]);
  putCell(sql, Cell.XCOMS, 0, "xcoms");
  expect([readCell(sql, Cell.XCOMS, 0), readCell(sql, Cell.ERROR, 0)]).toEqual(["xcoms", undefined]);

  const restarted = withTables(plain);
  expect(hasNoCells(restarted, Cell.ERROR)).toBe(false);
  expect(readCell(restarted, Cell.XCOMS, 0)).toBe("xcoms");
});

test("texts written behind a creation that was rolled back are found", () => {
  const sql = withTables(nodeSql());
  const failing = (): void =>
    sql.transactionSync<void>(() => {
      putCell(sql, Cell.STATE, 0, "gone");
      throw new Error("rolled back");
    });
  expect(failing).toThrow("rolled back");
  expect(readCell(sql, Cell.STATE, 0)).toBeUndefined();
  putCell(sql, Cell.ERROR, 1, "error");
  expect([readCell(sql, Cell.ERROR, 1), readCell(sql, Cell.STATE, 0)]).toEqual(["error", undefined]);
});
