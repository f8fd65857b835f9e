/**
 * @module Reads queue messages: only our own kinds in the version of this deploy.
 */
import { MESSAGE_VERSION } from "../../model/task-message.ts";
import type { TaskMessage } from "../../model/task-message.ts";

export type AttemptsMessage = Extract<TaskMessage, { kind: "attempts" }>;
export type DagTickPage = Extract<TaskMessage, { kind: "dag-tick-page" }>;
export type CallbackMessage = Extract<TaskMessage, { kind: "callback" }>;

/** The message, or undefined when it is none of ours or of another version. */
export function readTaskMessage(body: unknown): TaskMessage | undefined {
  return isTaskMessage(body) && body.v === MESSAGE_VERSION ? body : undefined;
}

function isTaskMessage(body: unknown): body is TaskMessage {
  if (typeof body !== "object" || body === null || !("kind" in body) || !("v" in body)) return false;
  if (body.kind === "attempts") return "runId" in body && "tokens" in body && Array.isArray(body.tokens);
  if (body.kind === "trace") return "runId" in body && "incarnation" in body;
  if (body.kind === "timetable") return "order" in body;
  if (body.kind === "retention-page") return "dagId" in body;
  if (body.kind === "callback") return "runId" in body && "command" in body;
  if (!("dagIds" in body) || !Array.isArray(body.dagIds)) return false;
  if (body.kind === "asset-event") return "uri" in body;
  return body.kind === "dag-tick-page" || (body.kind === "deploy-page" && "bundleHash" in body);
}
