/**
 * @module Attempt tokens at the border: which instance a token opens, if it is still the current one.
 */
import { OPEN_ATTEMPT_STATES } from "../../model/state.ts";
import { attemptToken, parseAttemptToken } from "../../model/ids.ts";
import type { AttemptToken } from "../../model/ids.ts";
import type { DagRun } from "../../model/dag-run.ts";
import type { TaskInstance } from "../../model/task-instance.ts";

/** The instance whose open attempt this token belongs to; undefined = stale. */
export function openAttemptOf(run: DagRun, token: AttemptToken): TaskInstance | undefined {
  const parts = parseAttemptToken(token);
  if (parts === undefined || parts.nonce === 0 || parts.incarnation !== run.head.incarnation) return undefined;
  const instance = run.instances[parts.ord];
  if (instance === undefined || instance.nonce !== parts.nonce) return undefined;
  return OPEN_ATTEMPT_STATES.has(instance.state) ? instance : undefined;
}

/** The token of an instance's open attempt; undefined when none is open. */
export function openToken(run: DagRun, ord: number): AttemptToken | undefined {
  const instance = run.instances[ord];
  if (instance === undefined || instance.nonce === 0) return undefined;
  return attemptToken(run.head.incarnation, ord, instance.nonce);
}
