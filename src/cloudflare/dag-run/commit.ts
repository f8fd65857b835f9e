/**
 * @module Writes what one event changed: all rows of a step in the transaction of the event, the head last.
 */
import { clearXComs, writeXComs } from "./xcom-rows.ts";
import { insertOutbox, writeError, writeFacts, writeInstances, writeNote, writeState, writeTry } from "./storage.ts";
import { isWaitedFor } from "./tell-of.ts";
import type { AttemptToken } from "../../model/ids.ts";
import type { LiveRun } from "./live-run.ts";
import type { Sql } from "./sql.ts";
import type { StepResult } from "../../model/command.ts";
import { appendLog } from "./log-rows.ts";

/** Try number of each reported attempt as it was before the step: the step may have started the next try already. */
export type TriesOfTokens = ReadonlyMap<AttemptToken, number>;

/** Inside the transaction, before {@link writeBook}. Also takes the step's dispatches and commands over into the host's book. */
export function writeStep(sql: Sql, live: LiveRun, result: StepResult, tries: TriesOfTokens, now: number): void {
  const { run, book } = live;
  writeInstances(sql, run.instances, result.instances);
  for (const ord of result.facts) writeFacts(sql, ord, run.facts.get(ord));
  for (const record of result.tries) writeTry(sql, record, run.head.seq);
  writeAccepted(sql, live, result, tries, now);
  for (const { ord, error } of result.errors) setError(sql, live, ord, error);
  clearXComs(sql, result.xcomsCleared);
  for (const ord of result.xcomsCleared) setError(sql, live, ord, null);
  for (const { ord, note } of result.notes) if (ord >= 0) writeNote(sql, ord, note);

  // A change of state needs no outbox row: a sequence above the mirrored one is its order.
  const commands = result.commands.filter((command) => command.kind !== "run-state");
  insertOutbox(sql, commands);
  if (commands.length > 0) live.commandsWaiting = true;
  if (commands.length < result.commands.length || isWaitedFor(live, result.instances)) live.pushNow = true;
  for (const ord of result.dispatch) live.unsent.add(ord);
  for (const ord of result.asks) live.slotAsks.add(ord);
  for (const release of result.releases) live.slotReleases.add(release);
  book.wakeAt = result.nextWakeAt;
}

/** The row that every commit rewrites, last in its transaction. */
export function writeBook(sql: Sql, live: LiveRun): void {
  live.book.unsent = [...live.unsent];
  writeSlotsOwed(live);
  live.book.usage = { ...live.book.usage, rowsWritten: sql.rowsWritten - live.rowsBefore };
  writeState(sql, live.run, live.book, live.calls.kept);
}

/** Only runs with tasks under limits have these keys. */
function writeSlotsOwed({ book, run, slotAsks, slotReleases }: LiveRun): void {
  if (slotAsks.size > 0 || book.slotAsks !== undefined) book.slotAsks = [...slotAsks];
  if (slotReleases.size > 0 || book.slotReleases !== undefined) book.slotReleases = [...slotReleases];
  if (run.limitsDefaultPool || book.limitsDefaultPool !== undefined) book.limitsDefaultPool = run.limitsDefaultPool;
}

function writeAccepted(sql: Sql, live: LiveRun, result: StepResult, tries: TriesOfTokens, now: number): void {
  const written = result.accepted.map(({ ord, report }) => ({ ord, xcoms: report.outcome.xcoms ?? [] }));
  writeXComs(
    sql,
    written.filter(({ xcoms }) => xcoms.length > 0),
    now,
  );
  for (const { ord, report } of result.accepted) {
    const { outcome } = report;
    if (outcome.xcoms !== undefined) {
      const r2Writes = outcome.xcoms.filter(({ value }) => value.in === "r2").length;
      live.book.usage = { ...live.book.usage, r2Writes: live.book.usage.r2Writes + r2Writes };
    }
    if (outcome.kind === "failed") setError(sql, live, ord, outcome.error);
    else if (outcome.kind !== "reschedule") setError(sql, live, ord, null);
    const tryNumber = tries.get(report.token);
    if (report.log !== undefined && report.log !== "" && tryNumber !== undefined)
      appendLog(sql, ord, tryNumber, report.log);
  }
}

function setError(sql: Sql, live: LiveRun, ord: number, error: Parameters<typeof writeError>[2]): void {
  if (error === null && !live.errorOrds.has(ord)) return;
  writeError(sql, ord, error);
  if (error === null) live.errorOrds.delete(ord);
  else live.errorOrds.add(ord);
}
