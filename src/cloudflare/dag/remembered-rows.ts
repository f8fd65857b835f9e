/**
 * @module Answers of tables that the making and the end of a run ask and hardly ever change, remembered until a statement writes the table. The object
 * is the only one that writes its storage, so its memory is as good as the rows; each statement that is not made saves time in every run.
 */
import type { Sql, SqlRow, SqlValue } from "../dag-run/sql.ts";

/** Not `run` and `call`: every run changes them. */
const RARELY_WRITTEN = new Set(["meta", "spec", "duration", "watch", "pending_create", "backfill", "schedule"]);

/** Longer answers are not worth the memory. */
const ROWS_MAX = 50;

interface Statement {
  /** Of those that are rarely written, the ones it names. */
  readonly tables: readonly string[];
  readonly isSelect: boolean;
  /** All its tables are rarely written. */
  readonly isRemembered: boolean;
  /** Without rows in its only table it finds nothing and changes nothing; a sum of no rows would be a row. */
  readonly isIdleWhenEmpty: boolean;
}

/** The same SQL with a memory of the last answer per statement. What is written behind its back stays unseen. */
export function withRememberedRows(sql: Sql): Sql {
  const answers = new Map<string, { readonly bindings: readonly SqlValue[]; readonly rows: readonly SqlRow[] }>();
  const select = (statement: string, bindings: readonly SqlValue[]): readonly SqlRow[] => {
    const known = answers.get(statement);
    if (known?.bindings.every((value, i) => value === bindings[i]) === true) return known.rows;
    const rows = sql.exec(statement, ...bindings);
    if (rows.length <= ROWS_MAX) answers.set(statement, { bindings, rows });
    return rows;
  };
  const isEmpty = (table = ""): boolean => select(`SELECT 1 FROM ${table} LIMIT 1`, []).length === 0;
  const exec = (statement: string, ...bindings: SqlValue[]): readonly SqlRow[] => {
    const { tables, isSelect, isRemembered, isIdleWhenEmpty } = statementOf(statement);
    if (isIdleWhenEmpty && isEmpty(tables[0])) return [];
    if (isSelect) return isRemembered ? select(statement, bindings) : sql.exec(statement, ...bindings);
    if (tables.length > 0)
      for (const known of answers.keys())
        if (statementOf(known).tables.some((table) => tables.includes(table))) answers.delete(known);
    return sql.exec(statement, ...bindings);
  };
  return {
    exec,
    transactionSync: (work) => {
      try {
        return sql.transactionSync(work);
      } catch (error) {
        // What was read in it may never have been.
        answers.clear();
        throw error;
      }
    },
    get rowsWritten() {
      return sql.rowsWritten;
    },
  };
}

const statements = new Map<string, Statement>();

/** There are few statements. */
function statementOf(text: string): Statement {
  const known = statements.get(text);
  if (known !== undefined) return known;
  const named = Array.from(text.matchAll(/\b(?:FROM|INTO|UPDATE|JOIN|TABLE|ON)\s+(\w+)/gi), ([, name = ""]) => name);
  const tables = named.filter((name) => RARELY_WRITTEN.has(name));
  const isSelect = /^\s*SELECT\b/i.test(text);
  const isRemembered = tables.length > 0 && tables.length === named.length;
  const isSum = /\b(?:count|min|max|exists)\b/i.test(text);
  const writesRows = /^\s*(?:DELETE|UPDATE)\b/i.test(text);
  const isIdleWhenEmpty = isRemembered && tables.length === 1 && !isSum && (isSelect || writesRows);
  const statement = { tables, isSelect, isRemembered, isIdleWhenEmpty };
  statements.set(text, statement);
  return statement;
}
