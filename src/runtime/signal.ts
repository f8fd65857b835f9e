/**
 * @module What was thrown, as data: its code (class identity does not survive two copies of the package) and a bounded, masked description.
 */
import type { ErrorInfo } from "../model/outcome.ts";

/** Longest message that is kept of an error. */
const MESSAGE_LENGTH_MAX = 8_000;
/** Causes behind causes that are kept; an error may be its own cause. */
const CAUSES_MAX = 4;

/** `code` of a signal or error, else its name; `Error` for anything that is none. */
export function signalCode(thrown: unknown): string {
  if (typeof thrown !== "object" || thrown === null) return "Error";
  if ("code" in thrown && typeof thrown.code === "string" && thrown.code !== "") return thrown.code;
  return "name" in thrown && typeof thrown.name === "string" && thrown.name !== "" ? thrown.name : "Error";
}

/** Message of what was thrown, or its text. */
export function messageOf(thrown: unknown): string {
  if (typeof thrown === "object" && thrown !== null && "message" in thrown && typeof thrown.message === "string") {
    return thrown.message;
  }
  try {
    return typeof thrown === "object" && thrown !== null ? JSON.stringify(thrown) : String(thrown);
  } catch {
    // A cycle, or an object that refuses to be text.
    return "something that has no text";
  }
}

/** The error as it crosses borders: no stack (that goes to the log), messages masked and cut. */
export function thrownInfo(thrown: unknown, mask: (text: string) => string, depth = 0): ErrorInfo {
  const message = mask(messageOf(thrown)).slice(0, MESSAGE_LENGTH_MAX);
  const info = { code: mask(signalCode(thrown)), message };
  const cause: unknown = thrown instanceof Error ? thrown.cause : undefined;
  if (cause === undefined || cause === null || depth >= CAUSES_MAX) return info;
  return { ...info, cause: thrownInfo(cause, mask, depth + 1) };
}

/** Stack of the error and of its causes, for the log. */
export function stackText(thrown: unknown, depth = 0): string {
  const own =
    thrown instanceof Error && thrown.stack !== undefined
      ? thrown.stack
      : `${signalCode(thrown)}: ${messageOf(thrown)}`;
  const cause: unknown = thrown instanceof Error ? thrown.cause : undefined;
  return cause === undefined || cause === null || depth >= CAUSES_MAX
    ? own
    : `${own}\nCaused by: ${stackText(cause, depth + 1)}`;
}
