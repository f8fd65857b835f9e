/**
 * @module Runs a scenario through the real `step()` on a virtual clock: a driver that claims, executes the behaviours and reports.
 *
 * `wave` is how Airflow's own test run goes: everything ready is executed in order, decided together. `one by one` claims and reports each
 * attempt alone. `together` claims all that is ready before the first report. Which one is used may change the result where Airflow's does.
 */
import { DEFAULT_LEASES } from "../../src/model/event.ts";
import { RETURN_KEY } from "../../src/model/xcom.ts";
import { aDagRunHead } from "../support/spec-builders.ts";
import { assertRun } from "../../src/engine/dag-run/invariants.ts";
import { createDagRun } from "../../src/engine/dag-run/create.ts";
import { execute } from "./scenario-behaviour.ts";
import { openToken } from "../../src/engine/dag-run/tokens.ts";
import { scenarioSpec } from "./scenario-spec.ts";
import { step } from "../../src/engine/dag-run/step.ts";
import type { AttemptReport } from "../../src/model/outcome.ts";
import type { DagRun } from "../../src/model/dag-run.ts";
import type { DagSpec } from "../../src/model/dag-spec.ts";
import type { Json, Scenario, SkipLists } from "./scenario-spec.ts";
import type { RunEvent } from "../../src/model/event.ts";
import type { StepResult } from "../../src/model/command.ts";

export const DRIVERS = ["wave", "one by one", "together"] as const;
export type Driver = (typeof DRIVERS)[number];

export interface ScenarioOutcome {
  readonly run_state: string;
  readonly tasks: Readonly<Record<string, string | null>>;
  readonly try_numbers: Readonly<Record<string, number>>;
  readonly xcoms: Readonly<Record<string, Json>>;
}

const EVENTS_MAX = 10_000;

export class ScenarioRun {
  readonly scenario: Scenario;
  readonly spec: DagSpec;
  readonly run: DagRun;
  readonly skipLists: SkipLists = [];
  /** Return values by ord. */
  readonly values = new Map<number, Json>();
  now = 1_000_000;
  #queue: number[] = [];
  #seed = 1;

  constructor(scenario: Scenario) {
    this.scenario = scenario;
    this.spec = scenarioSpec(scenario, this.skipLists);
    this.run = createDagRun(aDagRunHead({ dagId: scenario.id, lastNow: 0, queuedAt: 0 }), this.spec, {});
  }

  /** Runs to the end. Throws when the run does not end. */
  finish(driver: Driver): ScenarioOutcome {
    let result = this.#event({ kind: "run-started" });
    for (let events = 0; this.run.head.state === "running"; events += 1) {
      if (events > EVENTS_MAX) throw new Error(`does not end: ${JSON.stringify(this.#outcome().tasks)}`);
      this.now += 1;
      if (this.#queue.length > 0) result = this.#work(driver);
      else {
        if (result.nextWakeAt === null) throw new Error("runs, but nothing is due");
        this.now = Math.max(this.now, result.nextWakeAt);
        result = this.#event({ kind: "timer-due" });
      }
    }
    return this.#outcome();
  }

  #work(driver: Driver): StepResult {
    if (driver === "wave") {
      const reports = this.#queue.splice(0).flatMap((ord) => this.#reportOf(ord));
      return this.#report(reports);
    }
    if (driver === "one by one") {
      const ord = this.#queue.shift() ?? -1;
      this.#claim(ord);
      return this.#report(this.#reportOf(ord));
    }
    const ords = this.#queue.splice(0);
    for (const ord of ords) this.#claim(ord);
    let result: StepResult | undefined;
    for (const ord of ords) result = this.#report(this.#reportOf(ord));
    return result ?? this.#event({ kind: "timer-due" });
  }

  #claim(ord: number): void {
    const token = openToken(this.run, ord);
    if (token !== undefined) this.#event({ kind: "attempts-claimed", tokens: [token] });
  }

  #reportOf(ord: number): AttemptReport[] {
    const token = openToken(this.run, ord);
    if (token === undefined) return [];
    return [{ token, outcome: execute(this, ord), startedAt: this.now, endedAt: this.now }];
  }

  #report(reports: readonly AttemptReport[]): StepResult {
    const result = this.#event({ kind: "attempts-finished", reports });
    for (const { ord, report } of result.accepted) {
      const pushed = "xcoms" in report.outcome ? report.outcome.xcoms : undefined;
      const value = pushed?.find((xcom) => xcom.key === RETURN_KEY)?.value;
      // Written by `execute` as inline JSON.
      if (value?.in === "inline") this.values.set(ord, JSON.parse(value.text) as Json);
    }
    return result;
  }

  #event(event: RunEvent): StepResult {
    this.#seed += 1;
    const result = step(this.run, { event, now: this.now, seed: this.#seed, leases: DEFAULT_LEASES });
    assertRun(this.run);
    for (const ord of result.xcomsCleared) this.values.delete(ord);
    for (const ord of result.dispatch) if (!this.#queue.includes(ord)) this.#queue.push(ord);
    return result;
  }

  #outcome(): ScenarioOutcome {
    const tasks: Record<string, string | null> = {};
    const tries: Record<string, number> = {};
    const xcoms: Record<string, Json> = {};
    for (const instance of this.run.instances) {
      const taskId = this.spec.tasks[instance.task]?.taskId ?? "";
      const name = instance.mapIndex < 0 ? taskId : `${taskId}[${instance.mapIndex}]`;
      tasks[name] = instance.state === "none" ? null : instance.state;
      tries[name] = instance.tryNumber;
      const value = this.values.get(instance.ord);
      if (value !== undefined) xcoms[name] = value;
    }
    return { run_state: this.run.head.state, tasks, try_numbers: tries, xcoms };
  }
}
