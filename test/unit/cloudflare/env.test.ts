/**
 * @module Settings of the deployment as numbers.
 */
import { expect, test } from "vitest";
import { defaultRetentionMs } from "../../../src/cloudflare/env.ts";

test.each([
  [undefined, 90],
  ["", 90],
  ["30", 30],
  ["0", null],
  ["-1", 90],
  ["a month", 90],
])("AIRFLARE_RETENTION_DAYS %s keeps runs for %s days", (text, days) => {
  const env = text === undefined ? {} : { AIRFLARE_RETENTION_DAYS: text };
  expect(defaultRetentionMs(env)).toBe(days === null ? null : days * 86_400_000);
});
