/**
 * @module Texts at rest: opened only with the same secret and for the same row.
 */
import { expect, test } from "vitest";
import { seal, unseal } from "../../../src/cloudflare/sealed-text.ts";

test("what was sealed opens with the same secret for the same row", async () => {
  expect(await unseal("secret", "variable:a", await seal("secret", "variable:a", "grüße"))).toBe("grüße");
});

test("the same text sealed twice differs, and does not hold the text", async () => {
  const [one, two] = [await seal("secret", "variable:a", "hidden"), await seal("secret", "variable:a", "hidden")];
  expect(one).not.toBe(two);
  expect(one).not.toContain("hidden");
});

test.each([
  ["another secret", "other", "variable:a"],
  ["another row", "secret", "variable:b"],
])("%s does not open it", async (_name, secret, owner) => {
  const sealed = await seal("secret", "variable:a", "hidden");
  await expect(unseal(secret, owner, sealed)).rejects.toMatchObject({ code: "not_configured" });
});

test("without a secret nothing is sealed", async () => {
  await expect(seal(undefined, "variable:a", "x")).rejects.toMatchObject({ code: "not_configured" });
});
