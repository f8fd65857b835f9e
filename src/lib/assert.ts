/**
 * @module Assertions that stay on in production: a broken invariant stops the event loudly instead of writing.
 */

/** A broken invariant. Nobody catches it except the outermost handler, which logs and restarts from storage. */
export class InvariantError extends Error {
  override readonly name = "InvariantError";
}

/** Throws {@link InvariantError} unless `condition` holds. The message says which fact broke and for which ids. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new InvariantError(message);
}

/** Marks a branch that the types rule out; a value that reaches it is named in the error. */
export function assertNever(value: never): never {
  throw new InvariantError(`unreachable value ${JSON.stringify(value)}`);
}
