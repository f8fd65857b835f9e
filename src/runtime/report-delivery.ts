/**
 * @module Delivers outcomes to the run's object: one call for many, the same `callId` over repeats, alone when a call with many is refused. What cannot be
 * delivered within the lease is given up: the object dispatches those attempts again.
 */
import type { AttemptReport } from "../model/outcome.ts";
import type { ReportAnswer, ReportRequest } from "../model/protocol.ts";
import { callWithRetry, isTransient } from "./call-retry.ts";
import type { RuntimePorts } from "./ports.ts";
import { messageOf } from "./signal.ts";

/** UTF-16 units of logs and inline XComs in one call; the platform's limit of a call is 32 MiB. */
const CALL_LENGTH_MAX = 8 * 1024 * 1024;

type DeliveryPorts = Pick<RuntimePorts, "run" | "now" | "sleep" | "randomId">;

export interface Delivery {
  readonly answers: readonly ReportAnswer[];
  readonly undelivered: number;
}

/** Outcomes in pieces that fit into a call. */
export function reportChunks(reports: readonly AttemptReport[]): readonly (readonly AttemptReport[])[] {
  const chunks: AttemptReport[][] = [];
  let room = 0;
  for (const report of reports) {
    const length = lengthOf(report);
    const last = chunks.at(-1);
    if (last === undefined || length > room) {
      chunks.push([report]);
      room = CALL_LENGTH_MAX - length;
    } else {
      last.push(report);
      room -= length;
    }
  }
  return chunks;
}

/** Sends one call and, when the object refuses it, each report alone: one bad outcome must not hold back its mates. Never throws. */
export async function deliverReports(
  request: Omit<ReportRequest, "callId">,
  ports: DeliveryPorts,
  leaseMs: number,
): Promise<Delivery> {
  const callId = ports.randomId();
  try {
    const answer = await callWithRetry(() => ports.run.report({ callId, ...request }), ports, leaseMs);
    return { answers: [answer], undelivered: 0 };
  } catch (error) {
    if (request.reports.length > 1 && !isTransient(error)) {
      const answers: ReportAnswer[] = [];
      let undelivered = 0;
      for (const report of request.reports) {
        // In their order: a report may open the attempt of the one behind it.
        const delivery = await deliverReports({ ...request, reports: [report], offer: null }, ports, leaseMs);
        answers.push(...delivery.answers);
        undelivered += delivery.undelivered;
      }
      return { answers, undelivered };
    }
    const tokens = request.reports.map((report) => report.token).join(", ");
    console.error(
      `Outcomes could not be reported and their attempts will be dispatched again (${tokens}): ${messageOf(error)}`,
    );
    return { answers: [], undelivered: request.reports.length };
  }
}

function lengthOf({ log, outcome }: AttemptReport): number {
  let length = log?.length ?? 0;
  for (const { value } of outcome.xcoms ?? []) if (value.in === "inline") length += value.text.length;
  return length;
}
