/**
 * @module Limits across runs as one run sees them: who asks when, what is held in which state, what late and lost words do. No limit is here: tests give and refuse.
 */
import { DEFAULT_LEASES } from "../../../../src/model/event.ts";
import { describe, expect, test } from "vitest";
import { EngineRun, FAILED, SUCCESS } from "../engine-run.ts";
import { askOf, heldSlots } from "../../../../src/engine/dag-run/slots.ts";
import { createDagRun, restoreDagRun } from "../../../../src/engine/dag-run/create.ts";
import { explain } from "../../../../src/engine/deps/explain.ts";
import type { SensorSpec } from "../../../../src/model/task-spec.ts";
import type { SlotWord } from "../../../../src/model/slot.ts";
import type { StepResult } from "../../../../src/model/command.ts";
import type { Task } from "../engine-run.ts";

const { slotMs, slotGuardMs, queuedMs } = DEFAULT_LEASES;

class SlotRun extends EngineRun {
  /** What an instance asks, as `limit x slots`; undefined when it asks nothing. */
  asks(name: string): string | undefined {
    const asked = askOf(this.run, this.instance(name).ord);
    return asked === undefined ? undefined : `${asked.limit.name} x ${asked.limit.slots}`;
  }

  held(name: string): string[] {
    return heldSlots(this.run, this.instance(name).ord).map(({ limit }) => limit.name);
  }

  say(limit: string, word: Partial<SlotWord>): StepResult {
    return this.event({ kind: "slots-answered", words: [{ limit, granted: [], waiting: [], gone: [], ...word }] });
  }

  /** The limit that it asks gives slots. */
  give(name: string, over: { ask?: number; until?: number; includeDeferred?: boolean } = {}): StepResult {
    const { ord } = this.instance(name);
    const asked = askOf(this.run, ord);
    if (asked === undefined) throw new Error(`${name} asks nothing`);
    const grant = { ord, ask: asked.request.ask, until: this.now + slotMs, includeDeferred: false, ...over };
    return this.say(asked.limit.name, { granted: [grant] });
  }

  refuse(name: string, reason = "full"): StepResult {
    const { ord } = this.instance(name);
    const asked = askOf(this.run, ord);
    return this.say(asked?.limit.name ?? "", { waiting: [{ ord, ask: asked?.request.ask ?? 0, reason }] });
  }

  released(result: StepResult | undefined): string[] {
    return (result?.releases ?? []).map(({ limit, ord, ask }) => `${limit} ${this.names([ord]).join()} ${ask}`);
  }
}

const db: Partial<Task> = { pool: "db" };

function started(tasks: readonly Task[], dag: ConstructorParameters<typeof EngineRun>[1] = {}): SlotRun {
  const run = new SlotRun(tasks, dag);
  run.start();
  return run;
}

describe("asking", () => {
  test("a task of a pool asks once and stays scheduled until it has its slots; one of the unlimited default_pool asks nobody", () => {
    const run = new SlotRun([{ taskId: "a", ...db, poolSlots: 3 }, { taskId: "free" }]);
    const first = run.start();
    expect([run.names(first.asks), run.names(first.dispatch)]).toEqual([["a"], ["free"]]);
    expect([run.asks("a"), run.states()]).toEqual(["pool:db x 3", { a: "scheduled", free: "queued" }]);
    expect(run.names(run.give("a").dispatch)).toEqual(["a"]);
    expect([run.held("a"), run.states()["a"]]).toEqual([["pool:db"], "queued"]);
  });

  test("limits are asked one after the other, the pool last", () => {
    const run = started([{ taskId: "a", ...db, maxActiveTisPerDag: 2 }]);
    expect(run.asks("a")).toBe("tis:dag/a x 1");
    expect(run.names(run.give("a").asks)).toEqual(["a"]);
    expect([run.asks("a"), run.held("a")]).toEqual(["pool:db x 1", ["tis:dag/a"]]);
    expect(run.names(run.give("a").dispatch)).toEqual(["a"]);
  });

  test("a request tells weight, date and map index", () => {
    const run = new SlotRun([{ taskId: "a", ...db, priorityWeight: 7 }], {}, {}, { logicalDate: 42, runAfter: 99 });
    run.start();
    expect(askOf(run.run, 0)?.request).toEqual({ ord: 0, ask: 1, slots: 1, priority: 7, since: 42, mapIndex: -1 });
  });

  test("no more ask than max_active_tasks leaves room for, the heaviest first", () => {
    const tasks = [1, 5, 3].map((priorityWeight, i) => ({ taskId: `t${i}`, ...db, priorityWeight }));
    const run = started(tasks, { maxActiveTasks: 2 });
    expect([run.asks("t0"), run.asks("t1"), run.asks("t2")]).toEqual([undefined, "pool:db x 1", "pool:db x 1"]);
    run.give("t1");
    run.finish("t1");
    expect(run.asks("t0")).toBe("pool:db x 1");
  });

  test("room is kept for who has no answer yet, and given to others when he has to wait", () => {
    const run = new SlotRun(
      [
        { taskId: "heavy", ...db, priorityWeight: 9 },
        { taskId: "light", priorityWeight: 1 },
      ],
      { maxActiveTasks: 1 },
    );
    expect(run.names(run.start().dispatch)).toEqual([]);
    expect(run.names(run.refuse("heavy").dispatch)).toEqual(["light"]);
  });

  test("slots that come when the run is full go back at once, and are asked for again when there is room", () => {
    const run = started(
      [
        { taskId: "heavy", ...db, priorityWeight: 9 },
        { taskId: "light", priorityWeight: 1 },
      ],
      { maxActiveTasks: 1 },
    );
    run.refuse("heavy");
    expect(run.released(run.give("heavy"))).toEqual(["pool:db heavy 1"]);
    expect(run.asks("heavy")).toBeUndefined();
    run.finish("light");
    expect(run.asks("heavy")).toBe("pool:db x 1");
    expect(run.names(run.give("heavy").dispatch)).toEqual(["heavy"]);
  });

  test("max_active_tis_per_dagrun counts those that ask", () => {
    const run = started(
      [1, 2, 3].map((i) => ({ taskId: `m${i}`, ...db })),
      {},
    );
    expect(run.names(run.last?.asks ?? [])).toEqual(["m1", "m2", "m3"]);
    const limited = started([
      { taskId: "m", ...db, maxActiveTisPerDagrun: 1, expand: { kind: "product", over: { n: literal(3) } } },
    ]);
    expect(limited.names(limited.last?.asks ?? [])).toEqual(["m[0]"]);
    limited.give("m[0]");
    limited.finish("m[0]");
    expect(limited.asks("m[1]")).toBe("pool:db x 1");
  });

  test("without an answer it asks again from the timer, at growing intervals; a restart forgets none", () => {
    const run = started([{ taskId: "a", ...db }]);
    expect(run.last?.nextWakeAt).toBe(run.now + queuedMs);
    expect(run.names(run.timer(run.now + queuedMs).asks)).toEqual(["a"]);
    expect(run.last?.nextWakeAt).toBe(run.now + 2 * queuedMs);
    const { head, spec, instances } = run.run;
    const restored = restoreDagRun({ head, spec, instances, longest: {}, facts: new Map() });
    Object.assign(run, { run: restored });
    expect(run.asks("a")).toBe("pool:db x 1");
    expect(run.names(run.give("a").dispatch)).toEqual(["a"]);
  });
});

describe("holding", () => {
  test.each<[string, Partial<Task>, Parameters<SlotRun["finish"]>[1]]>([
    ["success", {}, SUCCESS],
    ["failed", {}, FAILED],
    ["up_for_retry", { retries: 1 }, FAILED],
    ["skipped", {}, { kind: "skipped", reason: "" }],
    ["up_for_reschedule", {}, { kind: "reschedule", at: 5_000 }],
  ])("%s gives the slots back", (state, over, outcome) => {
    const run = started([{ taskId: "a", ...db, ...over }, { taskId: "b" }]);
    run.give("a");
    expect(run.released(run.finish("a", outcome))).toEqual(["pool:db a 1"]);
    expect([run.states()["a"], run.held("a")]).toEqual([state, []]);
  });

  test("the next try asks anew, under a new number", () => {
    const run = started([{ taskId: "a", ...db, retries: 1, retryDelayMs: 1_000 }]);
    run.give("a");
    run.finish("a", FAILED);
    run.timer(run.now + 1_000);
    expect(askOf(run.run, 0)?.request.ask).toBe(2);
  });

  test("a lost worker's attempt keeps the slots", () => {
    const run = started([{ taskId: "a", ...db }]);
    run.give("a");
    run.claim("a");
    const lost = run.event({ kind: "attempts-lost", tokens: [run.token("a")], reason: "gone" });
    expect([run.names(lost.dispatch), run.released(lost), run.held("a")]).toEqual([["a"], [], ["pool:db"]]);
  });

  test("a sensor in mode poke holds its slot between pokes, in mode reschedule it gives it back", () => {
    const run = started([sensor("poke"), sensor("reschedule")]);
    for (const name of ["poke", "reschedule"]) {
      run.give(name);
      run.finish(name, { kind: "reschedule", at: run.now + 1_000 });
    }
    expect([run.held("poke"), run.held("reschedule")]).toEqual([["pool:db"], []]);
    const poked = run.timer(run.now + 1_000);
    expect([run.names(poked.dispatch), run.names(poked.asks)]).toEqual([["poke"], ["reschedule"]]);
  });

  test("a deferred task keeps its slots only if the pool counts deferred tasks", () => {
    const run = started([
      { taskId: "kept", ...db },
      { taskId: "given", ...db },
    ]);
    const trigger = { kind: "date-time" as const, at: 9_000 };
    const deferral = { trigger, method: null, kwargs: "", timeoutAt: null };
    for (const name of ["kept", "given"]) {
      run.give(name, { includeDeferred: name === "kept" });
      run.finish(name, { kind: "deferred", at: 9_000, deferral });
    }
    expect([run.held("kept"), run.held("given")]).toEqual([["pool:db"], []]);
  });

  test.each(["queued", "running", "asking"])(
    "clear, mark and cancel of a %s instance give everything back",
    (state) => {
      for (const change of ["clear", "mark", "cancel"]) {
        const run = started([{ taskId: "a", ...db, maxActiveTisPerDag: 1 }, { taskId: "b" }]);
        run.give("a");
        if (state !== "asking") run.give("a");
        if (state === "running") run.claim("a");
        if (change === "clear") run.clear({ select: [{ taskId: "a" }] });
        else if (change === "mark") run.mark("a", "success");
        else run.event({ kind: "run-cancelled", by: "ann" });
        expect(run.released(run.last)).toEqual(["tis:dag/a a 1", "pool:db a 1"]);
        expect(run.held("a")).toEqual([]);
      }
    },
  );
});

describe("words", () => {
  test("a repeated grant changes nothing", () => {
    const run = started([{ taskId: "a", ...db }]);
    run.give("a");
    const granted = [{ ord: 0, ask: 1, until: run.now + slotMs, includeDeferred: false }];
    const again = run.say("pool:db", { granted });
    expect([again.dispatch, run.released(again), run.held("a")]).toEqual([[], [], ["pool:db"]]);
  });

  test("a grant that nobody wants any more is given back", () => {
    const run = started([{ taskId: "a", ...db, retries: 1, retryDelayMs: 0 }]);
    const granted = [{ ord: 0, ask: 1, until: run.now + slotMs, includeDeferred: false }];
    run.mark("a", "skipped");
    expect(run.released(run.say("pool:db", { granted }))).toEqual(["pool:db a 1"]);
    run.clear({ select: [{ taskId: "a" }] });
    expect(run.released(run.say("pool:db", { granted }))).toEqual(["pool:db a 1"]);
    expect(askOf(run.run, 0)?.request.ask).toBe(2);
  });

  test("a grant whose lease is as good as over is not used: the request stands", () => {
    const run = started([{ taskId: "a", ...db }]);
    const late = run.give("a", { until: run.now + slotGuardMs });
    expect([late.dispatch, run.released(late), run.asks("a")]).toEqual([[], [], "pool:db x 1"]);
  });

  test("slots are renewed when a third of the lease is over, and an attempt whose slots nobody renews is fenced off", () => {
    const run = started([{ taskId: "a", ...db }]);
    run.give("a");
    const until = run.now + slotMs;
    const token = run.token("a");
    expect(run.names(run.timer(until - (slotMs * 2) / 3).renewals)).toEqual(["a"]);
    expect(run.instance("a").slotUntil).toBe(until);
    run.say("pool:db", { granted: [{ ord: 0, ask: 1, until: run.now + slotMs, includeDeferred: false }] });
    expect(run.instance("a").slotUntil).toBe(run.now + slotMs);
    run.timer(run.instance("a").slotUntil - slotGuardMs);
    expect([run.states()["a"], run.asks("a"), run.instance("a").tryNumber]).toEqual(["scheduled", "pool:db x 1", 1]);
    expect(run.report([token], SUCCESS).stale).toEqual([token]);
  });

  test("slots that are somebody else's now stop the attempt, which asks again", () => {
    const run = started([{ taskId: "a", ...db }]);
    run.give("a");
    run.claim("a");
    const gone = run.say("pool:db", { gone: [{ ord: 0, ask: 1 }] });
    expect([run.released(gone), run.names(gone.asks), run.states()["a"]]).toEqual([
      ["pool:db a 1"],
      ["a"],
      "scheduled",
    ]);
    expect(run.say("pool:db", { gone: [{ ord: 0, ask: 1 }] }).changed).toBe(false);
  });

  test("why: no answer yet, then what the limit said", () => {
    const run = started([{ taskId: "a", ...db }]);
    const why = (): string[] =>
      explain(run.run, 0, run.now).flatMap(({ dep, passed, reason }) => (passed ? [] : [`${dep}: ${reason}`]));
    expect(why()).toEqual(["Pool Slots Available: Has asked pool:db for 1 slot(s) and got no answer yet."]);
    run.refuse("a", "5 of 5 slots are taken");
    expect(why()).toEqual(["Pool Slots Available: 5 of 5 slots are taken"]);
    run.give("a");
    expect(why().join()).not.toContain("Pool");
  });
});

describe("default_pool", () => {
  test("limited at run time: what is open goes on, what is opened from then on asks; and back again", () => {
    const run = started(
      [{ taskId: "a" }, { taskId: "b", upstream: ["a"] }, { taskId: "c", upstream: ["b"] }, { taskId: "d" }],
      {},
    );
    run.event({ kind: "default-pool-limited", limited: true });
    run.finish("a");
    expect([run.states()["d"], run.asks("b")]).toEqual(["queued", "pool:default_pool x 1"]);
    const free = run.event({ kind: "default-pool-limited", limited: false });
    expect([run.names(free.dispatch), run.released(free)]).toEqual([["b"], ["pool:default_pool b 1"]]);
  });

  test("a run made under a limited default_pool asks from the start", () => {
    const { run } = new EngineRun([{ taskId: "a" }]);
    const { head, spec, facts } = run;
    const made = new SlotRun([{ taskId: "a" }]);
    const instances = createDagRun(head, spec, {}).instances;
    Object.assign(made, { run: restoreDagRun({ head, spec, instances, longest: {}, facts, limitsDefaultPool: true }) });
    expect(made.names(made.start().asks)).toEqual(["a"]);
  });
});

function literal(length: number) {
  return { kind: "literal" as const, text: "", length };
}

function sensor(mode: SensorSpec["mode"]): Task {
  const rest = { softFail: false, silentFail: false, neverFail: false, exponentialBackoff: false, maxWaitMs: null };
  return { taskId: mode, ...db, kind: "sensor", sensor: { mode, pokeIntervalMs: 1_000, timeoutMs: 60_000, ...rest } };
}
