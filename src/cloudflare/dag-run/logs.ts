/**
 * @module Logs of a run across their two homes: rows while it is in flight (and for good when they are few), the archive in R2 afterwards.
 */
import { archiveLogs, LOGS_KEPT_CHARACTERS_MAX, readArchivedLog } from "../log-store.ts";
import {
  deleteLogs,
  insertLogArchive,
  loggedAttempts,
  logSize,
  readLogArchive,
  readLogLines,
  readLogText,
} from "./log-rows.ts";
import type { DagRunApi } from "../../model/protocol.ts";
import { FINISHED_RUN_STATES } from "../../model/state.ts";
import type { LiveRun } from "./live-run.ts";
import { logRunPrefix } from "../run-objects.ts";
import type { ObjectStore } from "../object-store.ts";
import type { Sql } from "./sql.ts";
import { writeBook } from "./commit.ts";

type LogPage = Awaited<ReturnType<DagRunApi["readLog"]>>;

/** Logs of an ended run are looked at once per generation; at once (0) or not at all (null). */
export function logsDueAt(live: LiveRun): number | null {
  const { head } = live.run;
  return FINISHED_RUN_STATES.has(head.state) && live.book.logsSettledGeneration < head.generation ? 0 : null;
}

/** Leaves few logs where they are and moves many to R2. Fails when R2 does: the rows stay and it is done again. */
export async function settleLogs(
  sql: Sql,
  live: LiveRun,
  objects: ObjectStore,
  isCurrent: () => boolean,
): Promise<void> {
  const { dagId, runId, incarnation, generation } = live.run.head;
  const size = logSize(sql);
  if (size > LOGS_KEPT_CHARACTERS_MAX) {
    const parts = await archiveLogs(
      objects,
      `${logRunPrefix({ dagId, runId, incarnation })}${generation}`,
      logTexts(sql),
    );
    // The memory was read anew meanwhile: this one must not write the run as it was.
    if (!isCurrent()) return;
    // A clear reopened the run meanwhile: its new lines are not in the archive, so nothing may be deleted.
    if (live.run.head.generation !== generation || logSize(sql) !== size) return;
    live.book.usage = { ...live.book.usage, r2Writes: live.book.usage.r2Writes + parts.length };
    sql.transactionSync(() => {
      for (const [part, index] of parts.entries()) insertLogArchive(sql, generation, part, index);
      deleteLogs(sql);
      live.book.logsSettledGeneration = generation;
      writeBook(sql, live);
    });
  }
  // Few logs: nothing to write, the next commit carries the number; after a restart they are counted again.
  live.book.logsSettledGeneration = generation;
}

/** Lines `offset` to `offset + limit` of one try. */
export async function readLog(
  sql: Sql,
  objects: ObjectStore,
  attempt: { readonly ord: number; readonly tryNumber: number },
  offset: number,
  limit: number,
): Promise<LogPage> {
  const archived = await readArchivedLog(objects, readLogArchive(sql), attempt.ord, attempt.tryNumber);
  if (archived === null) {
    const stored = readLogLines(sql, attempt.ord, attempt.tryNumber, offset, limit);
    return page(stored.lines, offset, stored.total);
  }
  // A callback may have added lines after the archive was written.
  const text = archived + readLogText(sql, attempt.ord, attempt.tryNumber);
  const lines = text.split("\n").filter((line) => line !== "");
  return page(lines.slice(offset, offset + limit), offset, lines.length);
}

function page(lines: readonly string[], offset: number, total: number): LogPage {
  const end = offset + lines.length;
  return { lines: lines.map((line) => `${line}\n`).join(""), next: end < total ? end : null };
}

/** One attempt's text at a time, so that the heap holds one log and its part of the archive. */
function* logTexts(sql: Sql): Generator<{ ord: number; tryNumber: number; text: string }> {
  for (const { ord, tryNumber } of loggedAttempts(sql))
    yield { ord, tryNumber, text: readLogText(sql, ord, tryNumber) };
}
