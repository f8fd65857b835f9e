/**
 * @module Faults around a run's object in real workerd: eviction, lost attempts, repeated and stale calls.
 */
import { afterEach, expect, test, vi } from "vitest";
import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { startRun, workerEnv } from "../../support/worker-runs.ts";
import { aDagRunHead, aDagSpec, aTaskSpec } from "../../support/spec-builders.ts";
import { dagRunObjectName } from "../../../src/model/ids.ts";
import type { AttemptToken } from "../../../src/model/ids.ts";
import { starts } from "../dags/pipelines.ts";

afterEach(() => {
  vi.useRealTimers();
});

function stubOf(dagId: string, runId: string): DurableObjectStub {
  return workerEnv.DAG_RUN.getByName(dagRunObjectName(dagId, runId)) as unknown as DurableObjectStub;
}

/** A run whose attempts nobody takes but the test: its queue has no DAG of this name. */
async function quietRun(runId: string): Promise<{ tokens: readonly AttemptToken[] }> {
  const spec = aDagSpec({ dagId: "quiet", tasks: [aTaskSpec({ taskId: "a", retries: 0 })] });
  const head = aDagRunHead({ dagId: "quiet", runId, incarnation: `inc-${runId}`, lastNow: Date.now() });
  const offer = { room: 1, deadlineAt: Date.now() + 3_600_000, driver: "queue" } as const;
  const { next } = await workerEnv.DAG_RUN.getByName(dagRunObjectName("quiet", runId)).create({
    head,
    specText: JSON.stringify(spec),
    longest: {},
    start: true,
    offer,
  });
  return { tokens: next?.attempts.map((attempt) => attempt.token) ?? [] };
}

test("an object that is evicted while its task runs takes the report and ends the run in the first try", async () => {
  starts.length = 0;
  const { run, dagId, runId } = await startRun("slow");
  await expect.poll(() => starts.length, { timeout: 5_000, interval: 20 }).toBe(1);
  await evictDurableObject(stubOf(dagId, runId));
  expect((await run.wait(10_000))?.state).toBe("success");
  const { views } = await run.readTaskInstances({ offset: 0, limit: 1 });
  expect([views[0]?.tryNumber, starts]).toEqual([1, ["slow/sleepy/-1/1"]]);
});

test("the alarm gives a lost attempt to the queue again in the same try, and its old token is stale", async () => {
  const offer = { room: 1, deadlineAt: Date.now() + 3_600_000, driver: "queue" } as const;
  const { run, dagId, runId, incarnation, answer } = await startRun("etl", { offer });
  const tokens = answer.next?.attempts.map((attempt) => attempt.token) ?? [];
  expect((await run.heartbeat({ incarnation, tokens, logs: {} })).stop).toEqual([]);
  vi.useFakeTimers({ toFake: ["Date"] });
  vi.setSystemTime(Date.now() + 31_000);
  expect(await runDurableObjectAlarm(stubOf(dagId, runId))).toBe(true);
  vi.useRealTimers();
  expect((await run.wait(10_000))?.state).toBe("success");
  const { views } = await run.readTaskInstances({ taskIds: ["extract"], offset: 0, limit: 1 });
  expect([views[0]?.tryNumber, views[0]?.losses]).toEqual([1, 1]);
  const late = await run.report({
    callId: "late",
    incarnation,
    reports: [{ token: tokens[0] ?? "", outcome: { kind: "success", xcoms: [] }, startedAt: 1, endedAt: 2 }],
    offer: null,
  });
  expect(late.stale).toEqual(tokens);
});

test("repeated creation, claim and report give the same answers, also over an eviction", async () => {
  const { tokens } = await quietRun("repeat");
  const again = await quietRun("repeat");
  expect(again.tokens).toEqual(tokens);
  const run = workerEnv.DAG_RUN.getByName(dagRunObjectName("quiet", "repeat"));
  const claim = { callId: "claim", incarnation: "inc-repeat", tokens };
  const first = await run.claim(claim);
  await evictDurableObject(stubOf("quiet", "repeat"));
  expect(await run.claim(claim)).toEqual(first);
  const report = {
    callId: "report",
    incarnation: "inc-repeat",
    reports: [{ token: tokens[0] ?? "", outcome: { kind: "success", xcoms: [] } as const, startedAt: 1, endedAt: 2 }],
    offer: null,
  };
  const reported = await run.report(report);
  expect(reported).toMatchObject({ stale: [], runState: "success" });
  await evictDurableObject(stubOf("quiet", "repeat"));
  expect(await run.report(report)).toEqual(reported);
});

test("another incarnation of a living run is refused with a code that survives the call", async () => {
  await quietRun("taken");
  const spec = aDagSpec({ dagId: "quiet", tasks: [aTaskSpec({ taskId: "a" })] });
  const head = aDagRunHead({ dagId: "quiet", runId: "taken", incarnation: "another" });
  const run = workerEnv.DAG_RUN.getByName(dagRunObjectName("quiet", "taken"));
  const creating = run.create({ head, specText: JSON.stringify(spec), longest: {}, start: true, offer: null });
  await expect(creating).rejects.toMatchObject({ code: "run_already_exists" });
});

test("reading a run that does not exist creates no storage", async () => {
  const run = workerEnv.DAG_RUN.getByName("quiet/nobody");
  expect([await run.readHead(), await run.wait(10), await run.readSpec()]).toEqual([null, null, null]);
  const tables = await runInDurableObject(stubOf("quiet", "nobody"), (_object, state) =>
    state.storage.sql.exec("SELECT name FROM sqlite_master WHERE name NOT LIKE '\\_cf%' ESCAPE '\\'").toArray(),
  );
  expect(tables).toEqual([]);
});

test("a destroyed run leaves neither rows nor an alarm", async () => {
  await quietRun("gone");
  const run = workerEnv.DAG_RUN.getByName(dagRunObjectName("quiet", "gone"));
  await run.destroy("not its incarnation");
  expect((await run.readHead())?.state).toBe("running");
  await run.destroy("inc-gone");
  expect(await run.readHead()).toBeNull();
  const left = await runInDurableObject(stubOf("quiet", "gone"), async (_object, state) => ({
    alarm: await state.storage.getAlarm(),
    tables: state.storage.sql.exec("SELECT name FROM sqlite_master WHERE name = 'meta'").toArray(),
  }));
  expect(left).toEqual({ alarm: null, tables: [] });
});
