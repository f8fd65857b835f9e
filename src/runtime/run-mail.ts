/**
 * @module Mails about failed tries, with Airflow's subject and text.
 */
import { sendEmail } from "../dag/operators/email.ts";
import { escapeHtml } from "../dag/mail/mail-message.ts";
import type { NoticeOutcome, TaskMailNotice } from "../model/notice.ts";
import type { DagRunHead } from "../model/dag-run.ts";
import { runContext } from "./context.ts";
import { eventId, type NoticeScope } from "./run-callback.ts";

/** Characters of the error's trace. */
const TRACE_MAX = 8_000;

/** Sends it over `smtp_default`. Throws when the mail server does not take it: it is sent again later. */
export async function runMail(notice: TaskMailNotice, scope: NoticeScope): Promise<NoticeOutcome> {
  const { head, log, masker } = scope;
  const mail = {
    to: notice.to,
    subject: `Airflow alert: ${instanceText(notice, head)}`,
    htmlContent: masker.mask(mailText(notice, head)),
    messageId: eventId(scope, notice.id),
  };
  await sendEmail(runContext(scope), mail);
  log.write("info", `Sent an alert email to ${notice.to.join(", ")}`, "airflare");
  return { kind: "done", detail: `sent to ${notice.to.join(", ")}` };
}

/** As Airflow writes a task instance. */
function instanceText({ taskId, mapIndex, about }: TaskMailNotice, { dagId, runId }: DagRunHead): string {
  const state = about === "retry" ? "up_for_retry" : "failed";
  return `<TaskInstance: ${dagId}.${taskId} ${runId} ${mapIndex < 0 ? "" : `map_index=${mapIndex} `}[${state}]>`;
}

function mailText(notice: TaskMailNotice, { dagId, runId }: DagRunHead): string {
  const { taskId, mapIndex, tryNumber, maxTries, error } = notice;
  const path = [dagId, "dagRuns", runId, "taskInstances", taskId].map(encodeURIComponent).join("/");
  const index = mapIndex < 0 ? "" : `?map_index=${mapIndex}`;
  return [
    `Try ${tryNumber} out of ${maxTries}`,
    `Exception:`,
    escapeHtml(error === null ? "none" : `${error.code}: ${error.message}`),
    ...(error?.stack === undefined ? [] : [`<pre>${escapeHtml(error.stack.slice(0, TRACE_MAX))}</pre>`]),
    `Log: ${escapeHtml(`/api/v2/dags/${path}/logs/${tryNumber}${index}`)}`,
    `Mark success: ${escapeHtml(`airflare tasks set-state ${dagId} ${runId} ${taskId} success`)}`,
  ].join("<br>\n");
}
