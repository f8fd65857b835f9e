/**
 * @module Carrying notices out, as the run's object sees it: a Worker takes one up and says how it went. The object sends the message again when nobody has
 * taken it up, when a Worker that had was lost, and after a failure with growing intervals.
 */
import type { NoticeOutcome, NoticeTry } from "../../model/notice.ts";
import { mailBehind, taskOfNotice } from "../../model/notice.ts";
import type { BeginNoticeAnswer, BeginNoticeRequest, EndNoticeRequest } from "../../model/notice-protocol.ts";
import { type NoticeRow, noticesDueAt, readDueNotices, readNotice, writeNotice } from "./notice-rows.ts";
import { AirflareError } from "../../model/error.ts";
import type { Env } from "../env.ts";
import type { LiveRun } from "./live-run.ts";
import type { RunHost } from "./host.ts";
import { appendLog } from "./log-rows.ts";
import { insertOutbox } from "./storage.ts";
import { sendNotices } from "../task-queue/producer.ts";
import { viewsOf } from "./reads.ts";
import { writeBook } from "./commit.ts";

/** A Worker has this long; longer than any notice may take. */
const RUNNING_MS = 150_000;
/** Intervals after failures: 5 s, 10 s, ... up to an hour. */
const RETRY_MS = 5_000;
const RETRY_MAX_MS = 3_600_000;
/** About twelve hours. */
const ATTEMPTS_MAX = 20;
/** Tries that the delivery log keeps, and characters of each. */
const TRIES_MAX = 10;
const DETAIL_MAX = 1_000;
/** Rows per pass. */
const PAGE = 100;

/** The duty: sends again what is due. Throws when the queue refuses; then all of it is due still. */
export async function sendDueNotices(host: RunHost, env: Env, live: LiveRun, isGone: () => boolean): Promise<void> {
  const due = readDueNotices(host.sql, host.now(live), PAGE);
  const notices = due.map(({ notice }) => notice);
  if (due.length > 0) await sendNotices(env, live.run.head, notices);
  if (isGone()) return;
  const now = host.now(live);
  const { queuedMs, queuedMaxMs } = host.leases;
  host.sql.transactionSync<void>(() => {
    for (const { id } of notices) {
      // A Worker may have taken it up while the messages were sent.
      const row = readNotice(host.sql, id);
      if (row === null || row.dueAt === null || row.dueAt > now) continue;
      const dueAt = now + Math.min(queuedMaxMs, queuedMs * 2 ** row.sends);
      writeNotice(host.sql, { ...row, state: "waiting", dueAt, sends: row.sends + 1 });
    }
  });
  live.noticesAt = noticesDueAt(host.sql);
}

/** A Worker takes a notice up; null when it is through, given up, or in the hands of another one. */
export function beginNotice(host: RunHost, { incarnation, notice }: BeginNoticeRequest): BeginNoticeAnswer | null {
  const live = host.live();
  if (live === null || live.run.head.incarnation !== incarnation) return null;
  const now = host.now(live);
  const known = readNotice(host.sql, notice.id);
  if (known !== null && (isOver(known) || isRunning(known, now))) return null;
  const row = known ?? { notice, attempts: 0, tries: [], sends: 1 };
  const attempt = row.attempts + 1;
  host.sql.transactionSync<void>(() =>
    writeNotice(host.sql, { ...row, state: "running", attempts: attempt, dueAt: now + RUNNING_MS }),
  );
  host.noticesChanged(live);
  const instance = instanceOfNotice(live, row.notice);
  const view = instance === undefined ? null : (viewsOf(host.sql, live, [instance])[0] ?? null);
  return { head: { ...live.run.head }, view, attempt };
}

/** A try is over: its lines go to the task's log, and the mail behind a callback that is through is ordered. A repeat changes nothing. */
export function endNotice(host: RunHost, { incarnation, id, attempt, outcome, lines }: EndNoticeRequest): void {
  const live = host.live();
  if (live === null || live.run.head.incarnation !== incarnation) return;
  const row = readNotice(host.sql, id);
  // Somebody else has taken it up since, or has ended it.
  if (row === null || row.state !== "running" || row.attempts !== attempt) return;
  const { notice } = row;
  const next = ended(row, outcome, host.now(live));
  host.sql.transactionSync<void>(() => {
    writeNotice(host.sql, next);
    const instance = instanceOfNotice(live, notice);
    const tryNumber = taskOfNotice(notice)?.tryNumber ?? 0;
    if (instance !== undefined && lines !== "") appendLog(host.sql, instance.ord, tryNumber, lines);
    const mail = isOver(next) ? mailBehind(notice) : undefined;
    if (mail !== undefined) {
      insertOutbox(host.sql, [mail]);
      live.commandsWaiting = true;
    }
    writeBook(host.sql, live);
  });
  host.noticesChanged(live);
}

/** Has a notice carried out again, also one that is through. Throws `notice_not_found`. */
export function redeliverNotice(host: RunHost, live: LiveRun, id: string): void {
  const row = readNotice(host.sql, id);
  const { dagId, runId } = live.run.head;
  if (row === null)
    throw new AirflareError("notice_not_found", `Run ${runId} of DAG ${dagId} has no notice ${JSON.stringify(id)}.`);
  const now = host.now(live);
  if (!isRunning(row, now)) writeNotice(host.sql, { ...row, state: "waiting", dueAt: now, sends: 0 });
}

function ended(row: NoticeRow, outcome: NoticeOutcome, now: number): NoticeRow {
  const { detail = null } = outcome;
  const ok = outcome.kind === "done";
  const tries: NoticeTry[] = [...row.tries, { at: now, ok, detail: detail?.slice(0, DETAIL_MAX) ?? null }];
  const base = { ...row, tries: tries.slice(-TRIES_MAX), sends: 0 };
  if (ok) return { ...base, state: "done", dueAt: null };
  if (!outcome.retry || row.attempts >= ATTEMPTS_MAX) return { ...base, state: "failed", dueAt: null };
  const delayMs = Math.min(RETRY_MAX_MS, RETRY_MS * 2 ** (row.attempts - 1));
  return { ...base, state: "waiting", dueAt: now + delayMs };
}

function instanceOfNotice(live: LiveRun, notice: NoticeRow["notice"]): LiveRun["run"]["instances"][number] | undefined {
  const about = taskOfNotice(notice);
  const ord = about === null ? undefined : live.tasks.ordOf(about.taskId, about.mapIndex);
  return ord === undefined ? undefined : live.run.instances[ord];
}

function isOver({ state }: NoticeRow): boolean {
  return state === "done" || state === "failed";
}

function isRunning({ state, dueAt }: NoticeRow, now: number): boolean {
  return state === "running" && dueAt !== null && dueAt > now;
}
