/**
 * @module The text of `docs/errors.md`.
 */

/**
 * One row per code, in the order of the table.
 * @param {Readonly<Record<string, { readonly status: number, readonly retryable: boolean, readonly doc: string }>>} codes
 */
export function renderErrorDocs(codes) {
  const rows = Object.entries(codes).map(
    ([code, { status, retryable, doc }]) => `| \`${code}\` | ${status} | ${retryable ? "yes" : "no"} | ${doc} |`,
  );
  return [
    "# Error codes",
    "",
    "Generated from `src/model/error.ts` by `npm run docs:errors`.",
    "",
    "Errors travel as `{ code, message, retryable, details, cause }`; test the code, never the message. The message says what happened, with the ids, and what to do.",
    "",
    "| code | HTTP status | worth repeating | meaning |",
    "|---|---|---|---|",
    ...rows,
    "",
  ].join("\n");
}
