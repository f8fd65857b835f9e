/**
 * @module Takes over what version 1 of a run's tables stored: a table each for head and book, texts, instances, facts, errors and notes.
 */
import { unpackBlock } from "./rows.ts";
import { writeFixed, writeInstances, writeState } from "./storage.ts";
import type { Book } from "./book.ts";
import { Cell, putCell } from "./cells.ts";
import type { ChangingHead } from "./storage.ts";
import type { DagRunHead } from "../../model/dag-run.ts";
import type { Sql } from "./sql.ts";
import { TABLE_NAMES } from "./tables.ts";

const OLD_TABLES: readonly string[] = ["meta", "chunk", "pack", "facts", "error", "note"];

/** Brings the rows of an older deploy into today's tables, in one transaction; storage of today, or none, stays as it is. */
export function upgradeStorage(sql: Sql): void {
  const names = sql.exec(TABLE_NAMES).map((row) => String(row["name"]));
  const found = new Set(names.filter((name) => OLD_TABLES.includes(name)));
  if (!found.has("meta")) return;
  sql.transactionSync<void>(() => {
    const text = (kind: number): string =>
      sql
        .exec("SELECT v FROM chunk WHERE kind = ? ORDER BY i", kind)
        .map((row) => String(row["v"]))
        .join("");
    const fixed = JSON.parse(text(0)) as { head: DagRunHead; longest: Record<string, number> };
    const changing = JSON.parse(String(sql.exec("SELECT v FROM meta WHERE k = 1")[0]?.["v"])) as {
      head: ChangingHead;
      book: Book;
    };
    const blocks = found.has("pack") ? sql.exec("SELECT block, v FROM pack ORDER BY block") : [];
    const instances = blocks.flatMap((row) => unpackBlock(Number(row["block"]), JSON.parse(String(row["v"]))));
    const head = { ...fixed.head, ...changing.head };
    writeFixed(sql, fixed, text(1));
    writeInstances(sql, instances, instances.keys());
    for (const [table, kind] of [
      ["facts", Cell.FACTS],
      ["error", Cell.ERROR],
      ["note", Cell.NOTE],
    ] as const) {
      const rows = found.has(table) ? sql.exec(`SELECT ord, v FROM ${table}`) : [];
      for (const row of rows) putCell(sql, kind, Number(row["ord"]), String(row["v"]));
    }
    writeState(sql, { head, instances }, changing.book, []);
    for (const table of found) sql.exec(`DROP TABLE ${table}`);
  });
}
