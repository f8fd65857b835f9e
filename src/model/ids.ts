/**
 * @module The ids everything is keyed by, and the attempt token.
 */
import type { Branded } from "../lib/branded.ts";

export type DagId = Branded<"DagId">;
export type RunId = Branded<"RunId">;
/** Task id with its group prefix, as Airflow writes it: `transformation.clean`. */
export type TaskId = Branded<"TaskId">;
export type GroupId = Branded<"GroupId">;
/** Random id of one life of a run: a deleted and re-created run id is another incarnation. Part of tokens, messages, R2 keys and mirror guards. */
export type Incarnation = Branded<"Incarnation">;
/** `<incarnation>:<ord>:<nonce>`: new for each dispatch of an attempt; needed to claim, heartbeat and report. */
export type AttemptToken = Branded<"AttemptToken">;
/** Hex sha256 of a canonical `DagSpec`. */
export type SpecHash = Branded<"SpecHash">;

/** Airflow's rule for dag, task and group ids. */
export const KEY_PATTERN = /^[\p{L}\p{N}_.-]+$/u;
export const KEY_LENGTH_MAX = 250;

/** The token of one dispatch: `ord` is the task instance, `nonce` a random 48-bit number that comes in with the event. */
export function attemptToken(incarnation: Incarnation, ord: number, nonce: number): AttemptToken {
  return `${incarnation}:${ord}:${nonce}`;
}

/** Reads a token back; `undefined` for anything that is not one. */
export function parseAttemptToken(
  token: AttemptToken,
): { incarnation: Incarnation; ord: number; nonce: number } | undefined {
  const match = /^([^:]+):(\d+):(\d+)$/.exec(token);
  if (match === null) return undefined;
  return { incarnation: match[1] ?? "", ord: Number(match[2]), nonce: Number(match[3]) };
}

/** Name of the run's Durable Object. A dag id cannot hold a `/`, so the pair is unambiguous. */
export function dagRunObjectName(dagId: DagId, runId: RunId): string {
  return `${dagId}/${runId}`;
}
