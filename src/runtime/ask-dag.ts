/**
 * @module Asking a DAG's object for something that needs the deployed spec: when the object has another one, it gets it and is asked again.
 */
import { AirflareError } from "../model/error.ts";
import type { ErrorInfo } from "../model/outcome.ts";
import type { DagId, SpecHash } from "../model/ids.ts";
import type { DagApi } from "../model/protocol.ts";
import type { DagSpec } from "../model/dag-spec.ts";

/** Ask, `syncSpec`, ask: a third round means that two deploys answer at once. */
const ROUNDS_MAX = 3;

/** Objects of DAGs, and their specs as deployed. */
export interface DagAccess {
  dag(dagId: DagId): DagApi;
  loadSpec(dagId: DagId): Promise<DagSpec>;
}

/** The first answer that is not `spec-needed`. Throws `not_configured` while deploys are rolling out. */
export async function askDag<Answer extends { readonly kind: string }>(
  ports: DagAccess,
  dagId: DagId,
  specHash: SpecHash,
  ask: (dag: DagApi, round: number) => Promise<Answer>,
): Promise<Exclude<Answer, { readonly kind: "spec-needed" }>> {
  const dag = ports.dag(dagId);
  for (let round = 0; round < ROUNDS_MAX; round++) {
    // Each round answers what the one before asked for.
    const answer = await ask(dag, round);
    if (isFinal(answer)) return answer;
    await dag.syncSpec(await ports.loadSpec(dagId), specHash);
  }
  throw new AirflareError(
    "not_configured",
    `The DAG ${dagId} changed while it was asked (a deploy is rolling out). Send the request again.`,
  );
}

/** A refusal as an error with its code. */
export function refusedError({ code, message }: ErrorInfo): Error {
  return Object.assign(new Error(message), { code });
}

function isFinal<Answer extends { readonly kind: string }>(
  answer: Answer,
): answer is Exclude<Answer, { readonly kind: "spec-needed" }> {
  return answer.kind !== "spec-needed";
}
