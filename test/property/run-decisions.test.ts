/**
 * @module The engine against the slow judge, over random DAGs and random event orders with repeats, stale tokens, clears, marks and restarts.
 */
import { Choices, RandomRun, randomSpec } from "./random-run.ts";
import { FINISHED_RUN_STATES, SCHEDULEABLE_STATES } from "../../src/model/state.ts";
import { assertRun } from "../../src/engine/dag-run/invariants.ts";
import { describe, expect, it } from "vitest";
import * as fc from "fast-check";
import { judge } from "./trigger-oracle.ts";
import type { RunEvent } from "../../src/model/event.ts";
import type { TaskInstanceState } from "../../src/model/state.ts";

const numbers = fc.noBias(fc.array(fc.nat({ max: 9999 }), { minLength: 300, maxLength: 600 }));
const EVENTS = 40;
const RUNS = Number(process.env["FC_RUNS"] ?? 400);

/** After a step of a running run: whatever can be decided is decided, and nothing started that should not. */
function checkAgainstJudge(running: RandomRun, before: ReadonlyMap<number, TaskInstanceState>, event: RunEvent): void {
  const { run } = running;
  if (run.head.state !== "running") return;
  for (const instance of run.instances) {
    const { taskId } = run.spec.tasks[instance.task] ?? { taskId: "?" };
    const where = `${taskId}[${instance.mapIndex}] after ${JSON.stringify(event)}: ${JSON.stringify(run.instances.map((i) => [run.spec.tasks[i.task]?.taskId, i.mapIndex, i.state]))}`;
    if (instance.state === "none") expect(judge(run, instance), where).toBe("wait");
    const was = before.get(instance.ord) ?? "none";
    const hasStarted = SCHEDULEABLE_STATES.has(was) && (instance.state === "queued" || instance.state === "scheduled");
    if (hasStarted && was === "none") expect(judge(run, instance), where).toBe("run");
  }
}

function states(running: RandomRun): Map<number, TaskInstanceState> {
  return new Map(running.run.instances.map((instance) => [instance.ord, instance.state]));
}

describe("a run under random events", () => {
  it("decides as the judge does, keeps its invariants, and ends", { timeout: 600_000 }, () => {
    fc.assert(
      fc.property(numbers, numbers, (shape, moves) => {
        const running = new RandomRun(randomSpec(new Choices(shape)));
        const c = new Choices(moves);
        const apply = (event: RunEvent): void => {
          const before = states(running);
          running.step(event);
          assertRun(running.run);
          checkAgainstJudge(running, before, event);
        };
        apply({ kind: "run-started" });
        for (let i = 0; i < EVENTS; i += 1) {
          if (c.chance(10)) running.restart();
          apply(running.randomEvent(c));
        }
        // From here every attempt succeeds: the run must end.
        const yes = new Choices([]);
        for (let i = 0; !FINISHED_RUN_STATES.has(running.run.head.state); i += 1) {
          expect(i).toBeLessThan(500);
          running.now += 10_000;
          const open = running.openTokens();
          apply({ kind: "attempts-finished", reports: open.map((token) => running.report(token, yes)) });
          apply({ kind: "timer-due" });
        }
      }),
      { numRuns: RUNS, endOnFailure: true },
    );
  });

  it("gives the same result for the same events", () => {
    fc.assert(
      fc.property(numbers, numbers, (shape, moves) => {
        const play = (): string => {
          const running = new RandomRun(randomSpec(new Choices(shape)));
          const c = new Choices(moves);
          const results = [running.step({ kind: "run-started" })];
          for (let i = 0; i < EVENTS; i += 1) results.push(running.step(running.randomEvent(c)));
          return JSON.stringify([results, running.run.instances, running.run.head]);
        };
        expect(play()).toBe(play());
      }),
      { numRuns: 30 },
    );
  });

  it("a stale token changes nothing", () => {
    fc.assert(
      fc.property(numbers, numbers, (shape, moves) => {
        const running = new RandomRun(randomSpec(new Choices(shape)));
        const c = new Choices(moves);
        running.step({ kind: "run-started" });
        for (let i = 0; i < EVENTS; i += 1) running.step(running.randomEvent(c));
        const open = new Set(running.openTokens());
        const stale = running.tokens.filter((token) => !open.has(token));
        const before = JSON.stringify([running.run.instances, running.run.head.state]);
        const result = running.step({ kind: "attempts-claimed", tokens: stale });
        expect(result.stale).toEqual(stale);
        expect(JSON.stringify([running.run.instances, running.run.head.state])).toBe(before);
      }),
      { numRuns: 50 },
    );
  });
});
