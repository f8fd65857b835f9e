/**
 * @module Errors on the wire, with Airflow's shapes: `{"detail": text}`, `{"detail": [validation errors]}`, and for what nobody expected an id that is in the log.
 */
import { ERROR_CODES } from "../model/error.ts";
import { HTTPException } from "hono/http-exception";
import type { AirflareErrorCode } from "../model/error.ts";
import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";

/** One entry of FastAPI's 422 list. */
export interface ValidationErrorItem {
  readonly type: string;
  readonly loc: readonly (string | number)[];
  readonly msg: string;
  readonly input?: unknown;
  readonly ctx?: Readonly<Record<string, unknown>>;
}

/** An answer with the given status and Airflow's text for it. Only `src/api` throws it. */
export class HttpDetailError extends Error {
  override readonly name = "HttpDetailError";
  readonly status: ContentfulStatusCode;
  readonly detail: unknown;
  readonly headers: Readonly<Record<string, string>>;
  constructor(status: ContentfulStatusCode, detail: unknown, headers: Readonly<Record<string, string>> = {}) {
    super(typeof detail === "string" ? detail : JSON.stringify(detail));
    this.status = status;
    this.detail = detail;
    this.headers = headers;
  }
}

/** FastAPI's answer to input that does not fit. */
export function validationError(items: readonly ValidationErrorItem[]): HttpDetailError {
  return new HttpDetailError(422, items);
}

/** What Airflow answers when a row breaks a unique constraint. Clients only look at the status; the id leads into our log. */
export function uniqueConstraintError(id: string): HttpDetailError {
  return new HttpDetailError(409, {
    reason: "Unique constraint violation",
    statement: "hidden",
    orig_error: "hidden",
    message: `Serious error when handling your request. Check logs for more details - you will find it in api server when you look for ID ${id}`,
  });
}

/** `retry-after` of answers that get better by themselves, seconds. */
const RETRY_AFTER_SECONDS = "5";

/** Any thrown value as an answer. Stacks, SQL and paths stay in the log. */
export function errorResponse(error: unknown, c: Context, randomId: () => string): Response {
  if (error instanceof HttpDetailError) return c.json({ detail: error.detail }, error.status, { ...error.headers });
  if (error instanceof HTTPException) return c.json({ detail: error.message }, error.status);
  const code = operatingErrorCode(error);
  if (code !== undefined) {
    const { status, retryable } = ERROR_CODES[code];
    const headers = retryable && status === 503 ? { "retry-after": RETRY_AFTER_SECONDS } : {};
    return c.json({ detail: messageOf(error) }, status, headers);
  }
  const id = randomId().slice(0, 8);
  console.error(`unexpected error ${id} on ${c.req.method} ${c.req.path}`, error);
  return c.json({ detail: `Unexpected error. Look for ID ${id} in the Worker's log.` }, 500);
}

/** The code of an operating error, also when it came over RPC and lost its class. */
export function operatingErrorCode(error: unknown): AirflareErrorCode | undefined {
  if (typeof error !== "object" || error === null || !("code" in error) || typeof error.code !== "string")
    return undefined;
  return isErrorCode(error.code) ? error.code : undefined;
}

function isErrorCode(code: string): code is AirflareErrorCode {
  return Object.hasOwn(ERROR_CODES, code);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** An unknown path; a known one with another method is 405 and says so in `app.ts`. */
export const ROUTE_NOT_FOUND = { error: "API route not found" } as const;
