/**
 * @module Turns what an author's code returned or threw into an `AttemptOutcome` value. From there on it is data.
 */
import { AirflowException } from "../dag/exceptions.ts";
import type { AttemptOutcome } from "../model/outcome.ts";
import type { AttemptOrder } from "../model/protocol.ts";
import { RETURN_KEY } from "../model/xcom.ts";
import { messageOf, signalCode, thrownInfo } from "./signal.ts";
import { isTruthy } from "./truth.ts";
import { isRecord } from "./value-path.ts";
import type { XComWriter } from "./xcom-writer.ts";

/** Codes that end the task instance: no retry, whatever `retries` says. */
const NO_RETRY: ReadonlySet<string> = new Set(["AirflowFailException", "AirflowSensorTimeout"]);

type OutcomeOrder = Pick<
  AttemptOrder,
  "taskId" | "mapIndex" | "kind" | "multipleOutputs" | "doXcomPush" | "reportLengths"
>;

/** The success that `value` makes: pushes it, and reads the decision of a branch or short circuit from it. Throws what makes the attempt fail. */
export async function returnedOutcome(order: OutcomeOrder, value: unknown, xcoms: XComWriter): Promise<AttemptOutcome> {
  const decision = decisionOf(order, value);
  if (order.doXcomPush && value !== undefined) await pushResult(order, value, xcoms);
  return {
    kind: "success",
    xcoms: xcoms.writes,
    ...(order.reportLengths.length === 0 ? {} : { lengths: lengthsOf(order, xcoms) }),
    ...decision,
  };
}

/** A value that was never pushed cannot be mapped over. An instance of a mapped task leaves it out: others make up the list. */
function lengthsOf(order: OutcomeOrder, xcoms: XComWriter): Readonly<Record<string, number | null>> {
  if (order.mapIndex >= 0) return xcoms.lengths;
  return Object.fromEntries(order.reportLengths.map((key) => [key, xcoms.lengths[key] ?? null]));
}

/** The outcome of whatever was thrown. XComs pushed before it are kept. */
export function thrownOutcome(
  thrown: unknown,
  mask: (text: string) => string,
  xcoms: Pick<XComWriter, "writes">,
): AttemptOutcome {
  const pushed = xcoms.writes.length === 0 ? {} : { xcoms: xcoms.writes };
  const code = signalCode(thrown);
  if (code === "AirflowSkipException") return { kind: "skipped", reason: thrownInfo(thrown, mask).message, ...pushed };
  if (code === "AirflowRescheduleException") {
    const at = rescheduleAt(thrown);
    if (at !== null) return { kind: "reschedule", at, ...pushed };
    const error = { code, message: `${messageOf(thrown)} (its rescheduleDate is no date)` };
    return { kind: "failed", error: thrownInfo(error, mask), retry: true, ...pushed };
  }
  return { kind: "failed", error: thrownInfo(thrown, mask), retry: !NO_RETRY.has(code), ...pushed };
}

function rescheduleAt(thrown: unknown): number | null {
  if (typeof thrown !== "object" || thrown === null || !("rescheduleDate" in thrown)) return null;
  const at = thrown.rescheduleDate instanceof Date ? thrown.rescheduleDate.getTime() : Number.NaN;
  return Number.isNaN(at) ? null : at;
}

function decisionOf(order: OutcomeOrder, value: unknown): { follow?: readonly string[]; shortCircuited?: boolean } {
  if (order.kind === "branch") return { follow: followed(order.taskId, value) };
  if (order.kind === "short_circuit") return { shortCircuited: !isTruthy(value) };
  return {};
}

function followed(taskId: string, value: unknown): readonly string[] {
  if (value === undefined || value === null) return [];
  const ids: readonly unknown[] = typeof value === "string" ? [value] : listOf(value);
  const texts = ids.filter((id) => typeof id === "string");
  if (texts.length === ids.length) return [...new Set(texts)];
  throw new AirflowException(
    `Branch ${taskId} must answer a task id, a list of ids, or null to skip all; it answered ${describe(value)}.`,
  );
}

function listOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  return value instanceof Set ? [...value] : [value];
}

async function pushResult(order: OutcomeOrder, value: unknown, xcoms: XComWriter): Promise<void> {
  if (order.multipleOutputs && value !== null) {
    for (const [key, item] of outputsOf(order.taskId, value)) await xcoms.push(key, item);
  }
  await xcoms.push(RETURN_KEY, value);
}

/** `multipleOutputs`: an XCom per key, beside the whole result. */
function outputsOf(taskId: string, value: unknown): Iterable<readonly [string, unknown]> {
  if (isRecord(value)) return Object.entries(value);
  if (!(value instanceof Map)) {
    throw new AirflowException(
      `Task ${taskId} has multipleOutputs and must return an object; it returned ${describe(value)}.`,
    );
  }
  const outputs: [string, unknown][] = [];
  for (const [key, item] of value) {
    if (typeof key !== "string") {
      throw new AirflowException(`Task ${taskId} has multipleOutputs: keys must be texts, one is ${describe(key)}.`);
    }
    outputs.push([key, item]);
  }
  return outputs;
}

function describe(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list with something else than texts in it";
  return typeof value === "object"
    ? `an object (${Object.prototype.toString.call(value).slice(8, -1)})`
    : `a ${typeof value}`;
}
