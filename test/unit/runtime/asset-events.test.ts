/**
 * @module What a task says about its outlets: told with a success, refused when it is no outlet or no small JSON object.
 */
import { expect, test } from "vitest";
import type { AttemptOutcome } from "../../../src/model/outcome.ts";
import { OutletEvents } from "../../../src/runtime/asset-events.ts";

const success: AttemptOutcome = { kind: "success", xcoms: [] };
const events = (): OutletEvents => new OutletEvents({ taskId: "t", outlets: ["x://a", "x://b"] });

test("an extra goes with a success only, as JSON; nothing said adds nothing", () => {
  const said = events();
  said.of({ uri: "x://a" }).extra = { at: new Date(0) };
  expect(said.attach(success)).toEqual({ ...success, outletExtra: { "x://a": { at: "1970-01-01T00:00:00.000Z" } } });
  const skipped: AttemptOutcome = { kind: "skipped", reason: "no" };
  expect(said.attach(skipped)).toBe(skipped);
  const looked = events();
  looked.of({ uri: "x://a" });
  expect(looked.attach(success)).toBe(success);
});

test("an asset that is no outlet, an extra that is no object or too large are refused, naming the task", () => {
  expect(() => events().of({ uri: "x://c" })).toThrow("Task t has no outlet x://c");
  for (const extra of [[1], "text", null, { text: "x".repeat(17_000) }]) {
    const said = events();
    said.of({ uri: "x://a" }).extra = extra as never;
    expect(() => said.attach(success)).toThrow("The extra of outlet x://a of task t");
  }
});
