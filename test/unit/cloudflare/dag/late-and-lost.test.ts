/**
 * @module What a DAG's object makes of messages that come late and of alarms that may be lost, on real SQL.
 */
import { expect, test, vi } from "vitest";
import { DagHostWorld } from "../../../support/dag-host-world.ts";
import { aDagSpec, aTaskSpec } from "../../../support/spec-builders.ts";

function world(): DagHostWorld {
  return new DagHostWorld(aDagSpec({ dagId: "dag", maxActiveRuns: 1, tasks: [aTaskSpec({ taskId: "a" })] }));
}

test("an old push that was long under way reopens no ended run", async () => {
  const w = world();
  const { runId } = await w.trigger();
  const pushes = vi.spyOn(w.host, "pushRunState");
  await w.push(runId, "running");
  const old = pushes.mock.calls[0]?.[0];
  if (old === undefined) throw new Error("nothing was pushed");
  await w.push(runId, "success");
  await w.host.pushRunState(old);
  await w.quiet();
  expect(w.host.readState()?.activeRuns).toBe(0);
});

test("the cron knows of a run that waits, should the object's alarm be lost", async () => {
  const w = world();
  await w.trigger();
  await w.trigger();
  await w.quiet();
  const checkAt = w.mirrored.flatMap(({ dags }) => dags).at(-1)?.["check_at"];
  expect(checkAt).toBeGreaterThan(w.now);
});
