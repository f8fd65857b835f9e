/**
 * @module Calls from the build before, as they come in the midst of a deploy.
 */
import { expect, test } from "vitest";
import { createRun } from "../../../../src/cloudflare/dag-run/attempt-calls.ts";
import { RunHostWorld } from "../../../support/run-host-world.ts";
import { aDagRunHead, aDagSpec, aTaskSpec } from "../../../support/spec-builders.ts";

test("a creation that passes the spec as a tree makes the same run", async () => {
  const spec = aDagSpec({ dagId: "one", tasks: [aTaskSpec({ taskId: "a" })] });
  const world = new RunHostWorld();
  const request = { head: aDagRunHead({ dagId: "one" }), longest: {}, start: true, offer: null };
  const before: object = { ...request, spec };
  createRun(world.host, before as Parameters<typeof createRun>[1]);
  await world.quiet();
  expect(world.tokens()).toHaveLength(1);
  world.restart();
  expect(world.host.live()?.run.spec).toEqual(spec);
});
