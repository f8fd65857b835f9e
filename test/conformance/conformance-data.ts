/**
 * @module Reading the rows computed by Airflow, and telling how many of them hold here. The folder can be replaced by `CONFORMANCE_DIR`.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";

/** One file of the data. Its form is Airflow's output, described by the caller's types; a row that differs fails its own check. */
export function readRows(file: string): unknown {
  const folder = process.env["CONFORMANCE_DIR"] ?? join(import.meta.dirname, "data");
  return JSON.parse(readFileSync(join(folder, file), "utf8"));
}

export interface RowResult {
  readonly id: string;
  /** Null when the row holds, else what differs. */
  readonly problem: string | null;
  /** Told although the row holds, such as a known fault of Airflow's. */
  readonly remark?: string;
}

/** Prints `<file> passed / total` and each failing row, and fails if there is one. A row that throws is a failing row. */
export function reportRows(file: string, rows: readonly { readonly id: string; check(): RowResult }[]): void {
  const results = rows.map((row): RowResult => {
    try {
      return row.check();
    } catch (thrown) {
      return { id: row.id, problem: thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown) };
    }
  });
  const failed = results.filter((result) => result.problem !== null);
  const lines = [
    `${file} ${results.length - failed.length} / ${results.length}`,
    ...failed.map((result) => `  FAILED ${result.id}: ${result.problem}`),
    ...results.filter((result) => result.remark !== undefined).map((result) => `  ${result.id}: ${result.remark}`),
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
  expect(results.length).toBeGreaterThan(0);
  expect(failed.length, `${file}: rows that differ from Airflow, listed above`).toBe(0);
}
