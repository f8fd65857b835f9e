/**
 * @module Missed SLAs and deadlines as the author's callbacks get them, and the mail about SLAs, with Airflow's texts.
 */
import type { SlaMiss } from "../dag/callbacks.ts";
import { escapeHtml } from "../dag/mail/mail-message.ts";
import { sendEmail } from "../dag/operators/email.ts";
import type { DagRunHead } from "../model/dag-run.ts";
import type { DeadlineMissNotice, NoticeOutcome, SlaMailNotice, SlaMissNotice } from "../model/notice.ts";
import { runCallbacks } from "./callbacks.ts";
import { dateTexts, runContext } from "./context.ts";
import { eventId, type NoticeScope } from "./run-callback.ts";
import { stackText } from "./signal.ts";

/** Calls the DAG's callbacks with Airflow's five arguments. An error in one is logged and counted. */
export async function runSlaMiss(notice: SlaMissNotice, scope: NoticeScope): Promise<NoticeOutcome> {
  const { dag, head, log, stats } = scope;
  const { dagId } = head;
  const { taskList, blockingTaskList } = slaLists(notice, head);
  for (const { taskId } of notice.misses) stats.incr("sla_missed", 1, { tags: { dag_id: dagId, task_id: taskId } });
  log.write("warning", `SLA missed in DAG ${dagId}:\n${taskList}`, "airflare");
  const blockingTis = notice.blocking.map(({ taskId, mapIndex, state }) => ({ taskId, mapIndex, state }));
  for (const callback of dag.slaMiss ?? []) {
    try {
      // One after the other, as all callbacks.
      // oxlint-disable-next-line no-await-in-loop
      await callback({ id: dagId, dagId }, taskList, blockingTaskList, slaMisses(notice, head), blockingTis);
    } catch (thrown) {
      stats.incr("sla_callback_notification_failure", 1, { tags: { dag_id: dagId } });
      log.write("error", `Error when executing callback ${callback.name}\n${stackText(thrown)}`, "task");
    }
  }
  return { kind: "done", detail: taskList };
}

/** Throws when the mail server does not take it. */
export async function runSlaMail(notice: SlaMailNotice, scope: NoticeScope): Promise<NoticeOutcome> {
  const { head } = scope;
  const { taskList, blockingTaskList } = slaLists(notice, head);
  const htmlContent = [
    "Here's a list of tasks that missed their SLAs:",
    `<pre>${escapeHtml(taskList)}</pre>`,
    "Blocking tasks:",
    `<pre>${escapeHtml(blockingTaskList)}</pre>`,
  ].join("\n");
  const subject = `[airflow] SLA miss on DAG=${head.dagId}`;
  await sendEmail(runContext(scope), { to: notice.to, subject, htmlContent, messageId: eventId(scope, notice.id) });
  return { kind: "done", detail: `sent to ${notice.to.join(", ")}` };
}

export async function runDeadlineMiss(notice: DeadlineMissNotice, scope: NoticeScope): Promise<NoticeOutcome> {
  const { dag, log } = scope;
  const deadline = { reference: notice.reference, missedAt: new Date(notice.at) };
  log.write("warning", `Deadline missed: no success by ${deadline.missedAt.toISOString()}`, "airflare");
  const context = { ...runContext(scope), deadline, eventId: eventId(scope, notice.id) };
  await runCallbacks(dag.deadlines?.[notice.index], context, log);
  return { kind: "done" };
}

/** One `task_id on iso-date` per line. */
function slaLists(
  { misses, blocking }: SlaMissNotice | SlaMailNotice,
  head: DagRunHead,
): { readonly taskList: string; readonly blockingTaskList: string } {
  const { ts } = dateTexts(dateOf(head));
  const lines = (tasks: readonly { readonly taskId: string }[]): string =>
    tasks.map(({ taskId }) => `${taskId} on ${ts}`).join("\n");
  return { taskList: lines(misses), blockingTaskList: lines(blocking) };
}

function slaMisses({ misses, at }: SlaMissNotice, head: DagRunHead): readonly SlaMiss[] {
  const date = dateOf(head);
  return misses.map(({ taskId }) => ({
    taskId,
    dagId: head.dagId,
    logicalDate: date,
    executionDate: date,
    timestamp: new Date(at),
    emailSent: false,
    notificationSent: false,
    description: null,
  }));
}

function dateOf({ logicalDate, runAfter }: DagRunHead): Date {
  return new Date(logicalDate ?? runAfter);
}
