/**
 * @module Errors cut to what a row or a message may hold: a thrown value may carry a whole response body, and causes of causes.
 */
import type { ErrorInfo } from "../../model/outcome.ts";

/** Characters of a stored error's message, and of its stack. */
export const ERROR_CHARACTERS_MAX = 64_000;
/** Causes kept below an error. */
const CAUSES_MAX = 4;

export function boundedError(error: ErrorInfo, characters: number, causes = CAUSES_MAX): ErrorInfo {
  const { stack, cause, ...rest } = error;
  return {
    ...rest,
    code: error.code.slice(0, characters),
    message: error.message.slice(0, characters),
    ...(stack === undefined ? {} : { stack: stack.slice(0, characters) }),
    ...(cause === undefined || causes === 0 ? {} : { cause: boundedError(cause, characters, causes - 1) }),
  };
}
