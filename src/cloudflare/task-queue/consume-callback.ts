/**
 * @module A `callback` message: carries a notice out with the run as it is now (an author's callback, a mail) and tells the run's object how it went.
 */
import { AttemptMetrics } from "../metrics/attempt-metrics.ts";
import type { DagIndex } from "../../dag/dag-index.ts";
import type { Env } from "../env.ts";
import type { CallbackMessage } from "./read-message.ts";
import type { NoticeOutcome } from "../../model/notice.ts";
import { loadDag } from "../../dag/dag-registry.ts";
import { dagRunObjectName } from "../../model/ids.ts";
import { errorInfo } from "../../model/error.ts";
import { type CarriedOut, runNotice } from "../../runtime/run-notice.ts";
import { runtimePorts } from "./runtime-ports.ts";

/** Throws when the run's object is out of reach: the message comes back. What a run that is gone had to say is said no more. */
export async function consumeCallback(message: CallbackMessage, env: Env, index: DagIndex): Promise<void> {
  const { dagId, runId, incarnation, command: notice } = message;
  const run = env.DAG_RUN.getByName(dagRunObjectName(dagId, runId));
  const begun = await run.beginNotice({ incarnation, notice });
  if (begun === null) return;
  const { head, view, attempt } = begun;
  const measured = new AttemptMetrics(env, dagId, runId);
  const carriedOut = await carryOut(async () => {
    const dag = await loadDag(index, dagId);
    return runNotice(notice, head, view, dag, runtimePorts(env, index, dagId, runId, measured));
  });
  await measured.flush();
  const { outcome, lines } = carriedOut;
  const isAboutRun = view === null;
  if (isAboutRun && lines !== "") console.log(`airflare: ${notice.kind} of DAG ${dagId}, run ${runId}:\n${lines}`);
  if (outcome.kind === "failed")
    console.error(`airflare: ${notice.id} of DAG ${dagId}, run ${runId} failed in try ${attempt}: ${outcome.detail}`);
  await run.endNotice({ incarnation, id: notice.id, attempt, outcome, lines: isAboutRun ? "" : lines });
}

/** The code may be out of reach, or the DAG not deployed any more: that is told like any other failure. */
async function carryOut(work: () => Promise<CarriedOut>): Promise<CarriedOut> {
  try {
    return await work();
  } catch (thrown) {
    const outcome: NoticeOutcome = { kind: "failed", retry: true, detail: errorInfo(thrown).message };
    return { outcome, lines: "" };
  }
}
