/**
 * @module A `callback` message: runs an author's callback with the run as it is now and adds its log lines to the task's log.
 */
import type { DagIndex } from "../../dag/dag-index.ts";
import type { Env } from "../env.ts";
import type { CallbackMessage } from "./read-message.ts";
import { loadDag } from "../../dag/dag-registry.ts";
import { dagRunObjectName } from "../../model/ids.ts";
import { runCallback } from "../../runtime/run-callback.ts";
import { runtimePorts } from "./runtime-ports.ts";

/** Throws when the run's object or the code is out of reach: the message comes back. A run that is gone has no callbacks any more. */
export async function consumeCallback(message: CallbackMessage, env: Env, index: DagIndex): Promise<void> {
  const { dagId, runId, command } = message;
  const run = env.DAG_RUN.getByName(dagRunObjectName(dagId, runId));
  const head = await run.readHead();
  if (head === null || head.incarnation !== message.incarnation) return;
  const dag = await loadDag(index, dagId);
  const view =
    command.kind === "task-callback"
      ? await run.readTaskInstances({ taskIds: [command.taskId], mapIndexes: [command.mapIndex], offset: 0, limit: 1 })
      : null;
  const lines = await runCallback(message, head, view?.views[0] ?? null, dag, runtimePorts(env, index, dagId, runId));
  if (lines === "") return;
  if (command.kind === "dag-callback") {
    console.log(`airflare: ${command.callback} callback of DAG ${dagId}, run ${runId}:\n${lines}`);
    return;
  }
  const { taskId, mapIndex, tryNumber } = command;
  const log = { kind: "log", taskId, mapIndex, tryNumber, lines } as const;
  await run.command({ callId: `log:${message.key}`, command: log });
}
