/**
 * @module A run under test: events by task name on a clock that the test sets, invariants checked after every step.
 */
import { DEFAULT_LEASES } from "../../../src/model/event.ts";
import { aDagRunHead, aDagSpec, aTaskSpec } from "../../support/spec-builders.ts";
import { assertRun } from "../../../src/engine/dag-run/invariants.ts";
import { createDagRun } from "../../../src/engine/dag-run/create.ts";
import { openToken } from "../../../src/engine/dag-run/tokens.ts";
import { step } from "../../../src/engine/dag-run/step.ts";
import type { AttemptOutcome } from "../../../src/model/outcome.ts";
import type { AttemptToken } from "../../../src/model/ids.ts";
import type { ClearOptions, HandOffOffer, MarkOptions, RunEvent } from "../../../src/model/event.ts";
import type { DagRun, DagRunHead } from "../../../src/model/dag-run.ts";
import type { DagSpec } from "../../../src/model/dag-spec.ts";
import type { StepResult } from "../../../src/model/command.ts";
import type { TaskInstance } from "../../../src/model/task-instance.ts";
import type { TaskSpec } from "../../../src/model/task-spec.ts";

export type Task = Partial<TaskSpec> & { readonly taskId: string };

export const SUCCESS: AttemptOutcome = { kind: "success", xcoms: [] };
export const FAILED: AttemptOutcome = { kind: "failed", error: { code: "Error", message: "boom" }, retry: true };
export const SKIPPED: AttemptOutcome = { kind: "skipped", reason: "not today" };

/** A success of a task that others are mapped over. */
export function returns(length: number | null): AttemptOutcome {
  return {
    kind: "success",
    xcoms: [{ key: "return_value", value: { in: "inline", text: "[]" } }],
    lengths: { return_value: length },
  };
}

export class EngineRun {
  readonly run: DagRun;
  now = 1000;
  last: StepResult | undefined;
  #seed = 0;

  constructor(
    tasks: readonly Task[],
    dag: Partial<DagSpec> = {},
    longest: Readonly<Record<string, number>> = {},
    head: Partial<DagRunHead> = {},
  ) {
    const spec = aDagSpec({ dagId: "dag", ...dag, tasks: tasks.map(aTaskSpec) });
    this.run = createDagRun(aDagRunHead({ lastNow: 0, queuedAt: 0, ...head }), spec, longest);
  }

  event(event: RunEvent, offer?: HandOffOffer): StepResult {
    this.#seed += 1;
    const input = { event, now: this.now, seed: this.#seed * 104_729, leases: DEFAULT_LEASES };
    this.last = step(this.run, offer === undefined ? input : { ...input, offer });
    assertRun(this.run);
    return this.last;
  }

  start(offer?: HandOffOffer): StepResult {
    return this.event({ kind: "run-started" }, offer);
  }

  timer(at: number): StepResult {
    this.now = at;
    return this.event({ kind: "timer-due" });
  }

  wake(taskId: string, mapIndex = -1): StepResult {
    return this.event({ kind: "task-instance-woken", taskId, mapIndex });
  }

  claim(...names: string[]): StepResult {
    return this.event({ kind: "attempts-claimed", tokens: names.map((name) => this.token(name)) });
  }

  /** Claims and reports attempts, all with the same outcome, in one event each. */
  finish(names: string | readonly string[], outcome: AttemptOutcome = SUCCESS): StepResult {
    const list = typeof names === "string" ? [names] : names;
    const waiting = list.filter((name) => this.instance(name).state === "queued");
    if (waiting.length > 0) this.claim(...waiting);
    return this.report(
      list.map((name) => this.token(name)),
      outcome,
    );
  }

  report(tokens: readonly AttemptToken[], outcome: AttemptOutcome): StepResult {
    const reports = tokens.map((token) => ({ token, outcome, startedAt: this.now - 10, endedAt: this.now }));
    return this.event({ kind: "attempts-finished", reports });
  }

  clear(options: Partial<ClearOptions>): StepResult {
    return this.event({ kind: "task-instances-cleared", options: clearOptions(options) });
  }

  mark(taskId: string, state: MarkOptions["state"], options: Partial<MarkOptions> = {}): StepResult {
    const whole = { select: [{ taskId }], includeUpstream: false, includeDownstream: false, state, ...options };
    return this.event({ kind: "task-instances-marked", options: whole, by: "ann" });
  }

  /** `extract` or `extract[1]`. */
  instance(name: string): TaskInstance {
    const instance = this.run.instances.find((other) => this.nameOf(other) === name);
    if (instance === undefined) throw new Error(`no instance ${name} in ${Object.keys(this.states()).join()}`);
    return instance;
  }

  token(name: string): AttemptToken {
    const token = openToken(this.run, this.instance(name).ord);
    if (token === undefined) throw new Error(`${name} is ${this.instance(name).state} and has no token`);
    return token;
  }

  names(ords: readonly number[]): string[] {
    return ords.map((ord) => {
      const instance = this.run.instances[ord];
      return instance === undefined ? "?" : this.nameOf(instance);
    });
  }

  states(): Record<string, string> {
    return Object.fromEntries(this.run.instances.map((instance) => [this.nameOf(instance), instance.state]));
  }

  nameOf(instance: TaskInstance): string {
    const taskId = this.run.spec.tasks[instance.task]?.taskId ?? "?";
    return instance.mapIndex < 0 ? taskId : `${taskId}[${instance.mapIndex}]`;
  }
}

export function clearOptions(options: Partial<ClearOptions>): ClearOptions {
  return {
    select: [],
    includeUpstream: false,
    includeDownstream: false,
    onlyFailed: false,
    onlyRunning: false,
    resetDagRun: true,
    note: null,
    ...options,
  };
}
