/**
 * @module Request bodies: at most 1 MB read, then JSON without prototypes to poison (`__proto__` is dropped) and of bounded depth.
 */
import { HttpDetailError, validationError } from "./errors.ts";
import type { Context } from "hono";

/** Bytes. Larger bodies are refused before parsing. */
export const BODY_BYTES_MAX = 1024 * 1024;
/** Levels of lists and objects; real bodies have a handful. */
const DEPTH_MAX = 64;

/** The parsed body. Throws 413, 415 or FastAPI's 422 for text that is not JSON; `undefined` for an empty body. */
export async function readJsonBody(c: Context): Promise<unknown> {
  const type = c.req.header("content-type") ?? "application/json";
  if (!/^application\/(?:[\w.-]+\+)?json\b/i.test(type)) {
    throw new HttpDetailError(415, "Unsupported Media Type: send application/json");
  }
  const text = await readText(c.req.raw);
  if (text.trim() === "") return undefined;
  return parseJson(text);
}

async function readText(request: Request): Promise<string> {
  if (Number(request.headers.get("content-length") ?? 0) > BODY_BYTES_MAX) throw tooLarge();
  if (request.body === null) return "";
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });
  const parts: string[] = [];
  let bytes = 0;
  try {
    // The header may be missing or wrong, so the bytes are counted as they come.
    for await (const chunk of request.body) {
      bytes += chunk.byteLength;
      if (bytes > BODY_BYTES_MAX) throw tooLarge();
      parts.push(decoder.decode(chunk, { stream: true }));
    }
    parts.push(decoder.decode());
  } catch (error) {
    if (error instanceof HttpDetailError) throw error;
    throw jsonInvalid("not UTF-8 text");
  }
  return parts.join("");
}

function parseJson(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text, (key, item: unknown) => (key === "__proto__" ? undefined : item));
  } catch (error) {
    throw jsonInvalid(error instanceof Error ? error.message : String(error));
  }
  if (depthOver(value, DEPTH_MAX)) throw jsonInvalid(`nested deeper than ${DEPTH_MAX} levels`);
  return value;
}

function depthOver(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (levels === 0) return true;
  return Object.values(value).some((item) => depthOver(item, levels - 1));
}

function tooLarge(): HttpDetailError {
  return new HttpDetailError(413, `Request body is larger than ${BODY_BYTES_MAX} bytes`);
}

function jsonInvalid(reason: string): HttpDetailError {
  return validationError([
    { type: "json_invalid", loc: ["body", 0], msg: "JSON decode error", input: {}, ctx: { error: reason } },
  ]);
}
