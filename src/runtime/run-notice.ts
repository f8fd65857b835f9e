/**
 * @module Carries one notice out, whatever its kind, with a log, hooks and metrics of its own.
 */
import type { ExecutableDag } from "../dag/executable-dag.ts";
import type { Lookups } from "../dag/lookups.ts";
import type { DagRunHead } from "../model/dag-run.ts";
import type { Notice, NoticeOutcome } from "../model/notice.ts";
import type { TaskInstanceView } from "../model/protocol.ts";
import { withConsoleCaptured } from "./console-capture.ts";
import { lookupsOf } from "./lookups.ts";
import { OpenHooks } from "./open-hooks.ts";
import type { RuntimePorts } from "./ports.ts";
import { type NoticeScope, runCallback } from "./run-callback.ts";
import { runMail } from "./run-mail.ts";
import { runDeadlineMiss, runSlaMail, runSlaMiss } from "./run-sla-miss.ts";
import { SecretMasker } from "./secret-masker.ts";
import { messageOf } from "./signal.ts";
import { StatsCollector } from "./stats.ts";
import { TaskLog } from "./task-log.ts";
import { Deadlines, limitTime } from "./timeout.ts";

/** One that hangs must not hold the queue. */
const NOTICE_TIMEOUT_MS = 60_000;

export interface CarriedOut {
  readonly outcome: NoticeOutcome;
  /** Log lines; newline-separated JSON. */
  readonly lines: string;
}

/** Never throws. `view` is the task instance that it is about; null for a notice about the run, or when it is gone. */
export async function runNotice(
  notice: Notice,
  head: DagRunHead,
  view: TaskInstanceView | null,
  dag: ExecutableDag,
  ports: RuntimePorts,
): Promise<CarriedOut> {
  const masker = new SecretMasker(ports.env);
  const log = new TaskLog(ports.now, masker);
  const warn = (text: string): void => log.write("warning", text, "airflare");
  const stats = new StatsCollector(ports.now, warn);
  const hooks = new OpenHooks();
  const scope = { head, dag, ports, masker, log, stats, hooks };
  const deadlines = new Deadlines(ports);
  const abort = new AbortController();
  let outcome: NoticeOutcome;
  try {
    const lookups = (): Lookups => lookupsOf(ports, masker);
    const work = withConsoleCaptured(log, lookups, () => carryOut(notice, scope, view, abort.signal));
    outcome = await limitTime(work, { ms: NOTICE_TIMEOUT_MS, deadlines, abort, what: nameOf(notice, head) });
  } catch (thrown) {
    const detail = masker.mask(messageOf(thrown));
    log.write("error", detail, "airflare");
    outcome = isCallback(notice) ? { kind: "done", detail } : { kind: "failed", retry: true, detail };
  }
  deadlines.close();
  await hooks.close(ports.sleep, warn);
  log.close();
  if (stats.metrics.length > 0) ports.metrics(stats.metrics);
  return { outcome, lines: log.drain() };
}

async function carryOut(
  notice: Notice,
  scope: NoticeScope,
  view: TaskInstanceView | null,
  signal: AbortSignal,
): Promise<NoticeOutcome> {
  switch (notice.kind) {
    case "task-callback":
    case "dag-callback":
      await runCallback(notice, scope, view, signal);
      return { kind: "done" };
    case "sla-miss":
      return runSlaMiss(notice, scope);
    case "sla-mail":
      return runSlaMail(notice, scope);
    case "deadline-miss":
      return runDeadlineMiss(notice, scope);
    case "task-mail":
      return runMail(notice, scope);
  }
}

/** An author's code is run once: what it throws is logged. */
function isCallback({ kind }: Notice): boolean {
  return !kind.endsWith("-mail");
}

function nameOf(notice: Notice, { dagId }: DagRunHead): string {
  if (notice.kind === "task-callback") return `The ${notice.callback} callback of ${notice.taskId}`;
  if (notice.kind === "dag-callback") return `The ${notice.callback} callback of ${dagId}`;
  if (notice.kind === "task-mail") return `The ${notice.about} mail of ${notice.taskId}`;
  return `The ${notice.kind} of ${dagId}`;
}
