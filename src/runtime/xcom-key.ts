/**
 * @module Where an XCom lies in R2: `xcom/<dag>/<run>/<incarnation>/<task>/<map>/<token>/<key>`, parts percent-encoded. The token keeps values of a
 * fenced-off attempt apart; all of a run goes with its prefix.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import type { AttemptToken, DagId, Incarnation, RunId, TaskId } from "../model/ids.ts";

/** R2 keys end at 1024 bytes: a longer part is cut and its hash appended. */
const PART_LENGTH_MAX = 180;

interface RunKey {
  readonly dagId: DagId;
  readonly runId: RunId;
  readonly incarnation: Incarnation;
}

/** Prefix of all XCom objects of one life of a run. */
export function xcomRunPrefix(run: RunKey): string {
  return `xcom/${part(run.dagId)}/${part(run.runId)}/${part(run.incarnation)}/`;
}

export function xcomObjectKey(
  run: RunKey,
  attempt: { readonly taskId: TaskId; readonly mapIndex: number; readonly token: AttemptToken },
  key: string,
): string {
  return `${xcomRunPrefix(run)}${part(attempt.taskId)}/${attempt.mapIndex}/${part(attempt.token)}/${part(key)}`;
}

function part(text: string): string {
  const encoded = encodeURIComponent(text.toWellFormed());
  if (encoded.length <= PART_LENGTH_MAX) return encoded;
  const hash = bytesToHex(sha256(new TextEncoder().encode(text))).slice(0, 32);
  return `${encoded.slice(0, PART_LENGTH_MAX - 33)}~${hash}`;
}
