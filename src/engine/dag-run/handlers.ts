/**
 * @module One handler per event. A new event without a handler does not compile.
 */
import { onAttemptsClaimed } from "./on-attempts-claimed.ts";
import { onAttemptsFinished } from "./on-attempts-finished.ts";
import { onAttemptsHeartbeat } from "./on-attempts-heartbeat.ts";
import { onAttemptsLost } from "./on-attempts-lost.ts";
import { onDefaultPoolLimited } from "./on-default-pool-limited.ts";
import { onNoteSet } from "./on-note-set.ts";
import { onRunCancelled } from "./on-run-cancelled.ts";
import { onRunMarked } from "./on-run-marked.ts";
import { onRunReprocessed } from "./on-run-reprocessed.ts";
import { onRunStarted } from "./on-run-started.ts";
import { onSlotsAnswered } from "./on-slots-answered.ts";
import { onSpecSynced } from "./on-spec-synced.ts";
import { onTaskInstanceWoken } from "./on-task-instance-woken.ts";
import { onTaskInstancesCleared } from "./on-task-instances-cleared.ts";
import { onTaskInstancesMarked } from "./on-task-instances-marked.ts";
import { onTimerDue } from "./on-timer-due.ts";
import { onWatchedState } from "./on-watched-state.ts";
import type { RunEvent, RunEventKind } from "../../model/event.ts";
import type { StepContext } from "./step-context.ts";

export type Handler<K extends RunEventKind> = (ctx: StepContext, event: Extract<RunEvent, { kind: K }>) => void;

const HANDLERS: { readonly [K in RunEventKind]: Handler<K> } = {
  "run-started": onRunStarted,
  "run-cancelled": onRunCancelled,
  "run-marked": onRunMarked,
  "run-reprocessed": onRunReprocessed,
  "attempts-claimed": onAttemptsClaimed,
  "attempts-finished": onAttemptsFinished,
  "attempts-lost": onAttemptsLost,
  "attempts-heartbeat": onAttemptsHeartbeat,
  "timer-due": onTimerDue,
  "watched-state": onWatchedState,
  "task-instance-woken": onTaskInstanceWoken,
  "slots-answered": onSlotsAnswered,
  "default-pool-limited": onDefaultPoolLimited,
  "task-instances-cleared": onTaskInstancesCleared,
  "task-instances-marked": onTaskInstancesMarked,
  "note-set": onNoteSet,
  "spec-synced": onSpecSynced,
};

/** Calls the handler of the event's kind. */
export function handle<K extends RunEventKind>(ctx: StepContext, event: Extract<RunEvent, { kind: K }>): void {
  const handler: Handler<K> = HANDLERS[event.kind];
  handler(ctx, event);
}
