/**
 * @module DAG files that do not load.
 */
import { withHistory } from "../history-error.ts";
import { Conditions, listPage } from "./list-query.ts";
import type { Listed, ListSource, Page } from "./list-query.ts";

export interface ImportErrorRow {
  readonly import_error_id: number;
  readonly filename: string;
  readonly message: string;
  readonly at: number;
}

export const IMPORT_ERROR_ORDER = {
  id: "import_error_id",
  import_error_id: "import_error_id",
  timestamp: "at",
  filename: "filename",
} as const;

const SOURCE: ListSource = {
  columns: "*",
  from: "import_error",
  order: IMPORT_ERROR_ORDER,
  defaultOrder: ["id"],
  tieBreaker: "import_error_id",
};

export function listImportErrors(
  db: D1Database,
  filters: { readonly filename?: string | undefined; readonly filenamePattern?: string | undefined },
  page: Page,
): Promise<Listed<ImportErrorRow>> {
  const conditions = new Conditions().equals("filename", filters.filename).matches("filename", filters.filenamePattern);
  return listPage<ImportErrorRow>(db, SOURCE, conditions, page);
}

export function readImportError(db: D1Database, importErrorId: number): Promise<ImportErrorRow | null> {
  return withHistory(() =>
    db.prepare("SELECT * FROM import_error WHERE import_error_id = ?").bind(importErrorId).first<ImportErrorRow>(),
  );
}

/** An author's timetable failed: an import error of its file, until {@link clearTimetableError} or a deploy. */
export async function noteTimetableError(
  db: D1Database,
  file: string,
  dagId: string,
  message: string,
  at: number,
): Promise<void> {
  const sql = `INSERT INTO import_error (filename, message, at) VALUES (?, ?, ?)
    ON CONFLICT (filename) DO UPDATE SET message = excluded.message, at = excluded.at`;
  await withHistory(() =>
    db
      .prepare(sql)
      .bind(file, `${timetablePrefix(dagId)}${message}`, at)
      .run(),
  );
}

export async function clearTimetableError(db: D1Database, file: string, dagId: string): Promise<void> {
  const prefix = timetablePrefix(dagId);
  const sql = "DELETE FROM import_error WHERE filename = ? AND substr(message, 1, ?) = ?";
  await withHistory(() => db.prepare(sql).bind(file, prefix.length, prefix).run());
}

function timetablePrefix(dagId: string): string {
  return `Timetable of DAG ${dagId}: `;
}
