/**
 * @module The life of an attempt: claim, heartbeat, report, loss, re-send, hand-off; stale tokens change nothing.
 */
import { DEFAULT_LEASES } from "../../../../src/model/event.ts";
import { EngineRun, FAILED, SUCCESS } from "../engine-run.ts";
import { TaskInstanceFlag } from "../../../../src/model/task-instance.ts";
import { describe, expect, it } from "vitest";
import type { HandOffOffer } from "../../../../src/model/event.ts";

const one = (): EngineRun => {
  const run = new EngineRun([{ taskId: "a" }]);
  run.start();
  return run;
};

describe("an attempt", () => {
  it("is queued with a lease, runs when claimed, ends when reported", () => {
    const run = one();
    expect(run.names(run.last?.dispatch ?? [])).toEqual(["a"]);
    expect(run.last?.nextWakeAt).toBe(1000 + DEFAULT_LEASES.queuedMs);
    run.now = 2000;
    run.claim("a");
    expect(run.instance("a")).toMatchObject({ state: "running", startedAt: 2000, tryNumber: 1 });
    expect(run.last?.nextWakeAt).toBe(2000 + DEFAULT_LEASES.runningMs);
    run.now = 3000;
    run.finish("a");
    expect(run.instance("a")).toMatchObject({ state: "success", endedAt: 3000, nonce: 0, dueAt: 0 });
    expect(run.run.head).toMatchObject({ state: "success", endReason: "success", endedAt: 3000 });
  });

  it("is claimed once: the second claim of a token is stale", () => {
    const run = one();
    const token = run.token("a");
    expect(run.claim("a").stale).toEqual([]);
    expect(run.claim("a")).toMatchObject({ stale: [token], changed: false });
  });

  it("is reported once: the second report is stale and changes nothing", () => {
    const run = one();
    const token = run.token("a");
    run.finish("a");
    const again = run.report([token], FAILED);
    expect(again).toMatchObject({ stale: [token], changed: false, accepted: [] });
    expect(run.states()).toEqual({ a: "success" });
  });

  it("counts even if its claim was lost, since the report shows the right token", () => {
    const run = one();
    expect(run.report([run.token("a")], SUCCESS).accepted).toHaveLength(1);
  });

  it.each(["other:0:1", "inc:7:1", "inc:0:0", "nonsense", ""])("refuses the token %j", (token) => {
    expect(one().report([token], SUCCESS)).toMatchObject({ stale: [token], changed: false });
  });

  it("is sent again with the same token at doubling intervals while nobody claims it", () => {
    const run = one();
    const token = run.token("a");
    const waits: number[] = [];
    for (let i = 0; i < 8; i += 1) {
      const at = run.last?.nextWakeAt ?? 0;
      waits.push((at - run.now) / 1000);
      expect(run.timer(at - 1).dispatch).toEqual([]);
      expect(run.names(run.timer(at).dispatch)).toEqual(["a"]);
    }
    expect(waits).toEqual([60, 120, 240, 480, 960, 1920, 3600, 3600]);
    expect(run.token("a")).toBe(token);
    expect(run.instance("a")).toMatchObject({ tryNumber: 1, losses: 0 });
  });

  it("keeps its lease by heartbeats, which are no news for the mirror", () => {
    const run = one();
    run.claim("a");
    const seq = run.run.head.seq;
    run.now = 25_000;
    const beat = run.event({ kind: "attempts-heartbeat", tokens: [run.token("a"), "inc:0:5"] });
    expect(beat).toMatchObject({ changed: true, instances: [0], stale: ["inc:0:5"], nextWakeAt: 55_000 });
    expect(run.run.head.seq).toBe(seq);
    expect(run.timer(54_999).changed).toBe(false);
    expect(run.timer(55_000).dispatch).toEqual([0]);
  });

  it("goes on under a new token when its worker is lost, keeps its try, and is sent alone", () => {
    const run = one();
    run.claim("a");
    const lost = run.token("a");
    run.timer(1000 + DEFAULT_LEASES.runningMs);
    expect(run.instance("a")).toMatchObject({ state: "queued", tryNumber: 1, losses: 1 });
    expect(run.instance("a").flags & TaskInstanceFlag.SEND_ALONE).not.toBe(0);
    expect(run.token("a")).not.toBe(lost);
    expect(run.report([lost], SUCCESS).stale).toEqual([lost]);
  });

  it("fails with worker_lost after the allowed losses, by the retry policy", () => {
    const run = new EngineRun([{ taskId: "a", retries: 1, retryDelayMs: 5000, callbacks: ["failure"] }]);
    run.start();
    const lose = (): void => {
      run.claim("a");
      run.event({ kind: "attempts-lost", tokens: [run.token("a")], reason: "killed" });
    };
    for (let i = 0; i < DEFAULT_LEASES.lossesMax; i += 1) lose();
    expect(run.instance("a")).toMatchObject({ state: "queued", losses: DEFAULT_LEASES.lossesMax });
    lose();
    expect(run.instance("a").state).toBe("up_for_retry");
    expect(run.last?.errors).toMatchObject([{ ord: 0, error: { code: "worker_lost" } }]);
    run.timer(run.now + 5000);
    expect(run.instance("a")).toMatchObject({ state: "queued", tryNumber: 2, losses: 0 });
    for (let i = 0; i <= DEFAULT_LEASES.lossesMax; i += 1) lose();
    expect(run.states()).toEqual({ a: "failed" });
    expect(run.last?.commands).toMatchObject([{ kind: "task-callback", callback: "failure" }, { kind: "run-state" }]);
  });

  it("a dead-lettered attempt that was never claimed is dispatched anew", () => {
    const run = one();
    const result = run.event({ kind: "attempts-lost", tokens: [run.token("a")], reason: "dead letter" });
    expect(result.dispatch).toEqual([0]);
    expect(run.instance("a")).toMatchObject({ state: "queued", losses: 1 });
  });

  it("takes the driver's duration, not its clock", () => {
    const run = one();
    run.claim("a");
    run.now = 9000;
    const reports = [{ token: run.token("a"), outcome: SUCCESS, startedAt: 77_000, endedAt: 79_500 }];
    run.event({ kind: "attempts-finished", reports });
    expect(run.instance("a")).toMatchObject({ startedAt: 6500, endedAt: 9000, elapsedMs: 2500 });
  });
});

describe("hand-off", () => {
  const http: HandOffOffer = { room: 10, deadlineAt: 21_000, driver: "http" };
  const queue: HandOffOffer = { room: 10, deadlineAt: 601_000, driver: "queue" };
  const tasks = [
    { taskId: "short" },
    { taskId: "unknown", executionTimeoutMs: 600_000 },
    { taskId: "slow", executionTimeoutMs: 700_000 },
    { taskId: "direct", executor: "direct", executionTimeoutMs: 20_000 },
    { taskId: "alone", isolate: true },
    { taskId: "elsewhere", queue: "heavy" },
  ] as const;
  const longest = { short: 999, slow: 1000, alone: 5, elsewhere: 5 };
  const taken = (offer: HandOffOffer): string[] => {
    const run = new EngineRun(tasks, {}, longest);
    return run.names(run.start(offer).handOff);
  };

  it("an HTTP driver takes only known short and direct attempts", () => {
    expect(taken(http)).toEqual(["short", "direct"]);
  });
  it("a queue driver takes what fits before its deadline", () => {
    expect(taken(queue)).toEqual(["short", "unknown", "direct"]);
  });
  it("nothing is taken that does not fit before the deadline", () => {
    expect(taken({ ...http, deadlineAt: 5999 })).toEqual([]);
    expect(taken({ ...http, deadlineAt: 6000 })).toEqual(["short"]);
  });
  it("takes no more than there is room for; the rest is dispatched", () => {
    const run = new EngineRun(tasks, {}, longest);
    const result = run.start({ ...queue, room: 1 });
    expect(run.names(result.handOff)).toEqual(["short"]);
    expect(run.names(result.dispatch)).toEqual(["unknown", "slow", "direct", "alone", "elsewhere"]);
  });
  it("without a sign of life the attempt goes through the queue under a new token, without a loss", () => {
    const run = new EngineRun([{ taskId: "a" }], {}, { a: 5 });
    run.start(http);
    const token = run.token("a");
    expect(run.instance("a").state).toBe("running");
    run.timer(1000 + DEFAULT_LEASES.handedOffMs);
    expect(run.last?.dispatch).toEqual([0]);
    expect(run.instance("a")).toMatchObject({ state: "queued", losses: 0, tryNumber: 1, flags: 0 });
    expect(run.token("a")).not.toBe(token);
  });
  it("a heartbeat is a sign of life: the attempt has a running lease from then on", () => {
    const run = new EngineRun([{ taskId: "a" }], {}, { a: 5 });
    run.start(http);
    run.now = 2000;
    run.event({ kind: "attempts-heartbeat", tokens: [run.token("a")] });
    expect(run.instance("a").flags).toBe(0);
    expect(run.last?.nextWakeAt).toBe(2000 + DEFAULT_LEASES.runningMs);
  });
  it("gives the same history as the queue", () => {
    const chain = [{ taskId: "a" }, { taskId: "b", upstream: ["a"] }];
    const byQueue = new EngineRun(chain, {}, { a: 5, b: 5 });
    byQueue.start();
    byQueue.finish("a");
    byQueue.finish("b");
    const byHand = new EngineRun(chain, {}, { a: 5, b: 5 });
    byHand.start(http);
    const reports = (name: string): Parameters<EngineRun["event"]>[0] => ({
      kind: "attempts-finished",
      reports: [{ token: byHand.token(name), outcome: SUCCESS, startedAt: 990, endedAt: 1000 }],
    });
    expect(byHand.names(byHand.event(reports("a"), http).handOff)).toEqual(["b"]);
    byHand.event(reports("b"), http);
    expect(byHand.states()).toEqual(byQueue.states());
    expect(byHand.run.head.state).toBe("success");
  });
});
