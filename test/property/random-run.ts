/**
 * @module Random DAGs and random events for property tests of the engine. A plan of numbers decides everything, so that fast-check can shrink it.
 */
import { DEFAULT_LEASES } from "../../src/model/event.ts";
import { TRIGGER_RULES } from "../../src/model/trigger-rule.ts";
import { aDagRunHead, aDagSpec, aTaskSpec } from "../support/spec-builders.ts";
import { createDagRun, restoreDagRun } from "../../src/engine/dag-run/create.ts";
import { openToken } from "../../src/engine/dag-run/tokens.ts";
import { specErrors } from "../../src/engine/spec-rules.ts";
import { step } from "../../src/engine/dag-run/step.ts";
import type { AttemptOutcome } from "../../src/model/outcome.ts";
import type { AttemptToken } from "../../src/model/ids.ts";
import type { DagRun } from "../../src/model/dag-run.ts";
import type { DagSpec } from "../../src/model/dag-spec.ts";
import type { ExpandSpec } from "../../src/model/arg-expr.ts";
import type { RunEvent } from "../../src/model/event.ts";
import type { StepResult } from "../../src/model/command.ts";
import type { TaskKind, TaskSpec } from "../../src/model/task-spec.ts";

/** Numbers handed out one by one; 0 when used up. */
export class Choices {
  readonly #numbers: readonly number[];
  #at = 0;
  constructor(numbers: readonly number[]) {
    this.#numbers = numbers;
  }
  below(limit: number): number {
    const n = this.#numbers[this.#at] ?? 0;
    this.#at += 1;
    return n % limit;
  }
  chance(oneIn: number): boolean {
    return this.below(oneIn) === 1;
  }
}

const KINDS: readonly TaskKind[] = ["task", "task", "task", "empty", "branch", "short_circuit"];

/** A DAG that passes `specErrors`: rules that a setup forbids fall back to all_success. */
export function randomSpec(c: Choices): DagSpec {
  const count = 2 + c.below(8);
  const hasGroup = c.chance(3);
  // Half of the mapped groups are expanded over what the first task returns.
  const groupSource = hasGroup && c.chance(2) ? "t0" : undefined;
  const tasks: TaskSpec[] =
    groupSource === undefined ? [] : [aTaskSpec({ taskId: "t0", reportLengths: ["return_value"] })];
  for (let i = tasks.length; i < count; i += 1) {
    const upstream = tasks.filter(() => c.chance(3)).map((task) => task.taskId);
    const isSetup = c.chance(6);
    const isTeardown = !isSetup && upstream.length > 0 && c.chance(8);
    const groupId = hasGroup && c.chance(2) ? "g" : null;
    const source = tasks.find((task) => task.reportLengths.length > 0 && task.groupId === null);
    const expand = groupId === null && !isTeardown && c.chance(5) ? expansion(c, source?.taskId) : null;
    if (expand !== null && source !== undefined && usesXCom(expand) && !upstream.includes(source.taskId)) {
      upstream.push(source.taskId);
    }
    const isRootOfGroup = groupId !== null && !upstream.some((up) => up.startsWith("g."));
    if (groupSource !== undefined && isRootOfGroup && !upstream.includes(groupSource)) upstream.push(groupSource);
    const isBehindSetup = tasks.some((task) => task.isSetup && upstream.includes(task.taskId));
    tasks.push(
      aTaskSpec({
        taskId: groupId === null ? `t${i}` : `g.t${i}`,
        kind: KINDS[c.below(KINDS.length)] ?? "task",
        upstream,
        groupId,
        expand,
        isSetup,
        isTeardown,
        triggerRule: isBehindSetup ? "all_success" : (TRIGGER_RULES[c.below(TRIGGER_RULES.length)] ?? "all_success"),
        retries: c.below(3),
        retryDelayMs: 1000 * c.below(2),
        reportLengths: expand === null && groupId === null && c.chance(4) ? ["return_value"] : [],
        maxActiveTisPerDagrun: c.chance(6) ? 1 : null,
        priorityWeight: 1 + c.below(3),
        ignoreDownstreamTriggerRules: c.chance(2),
      }),
    );
  }
  const spec = aDagSpec({
    dagId: "random",
    tasks,
    maxActiveTasks: c.chance(4) ? 2 : 16,
    groups: hasGroup
      ? [
          {
            groupId: "g",
            parent: null,
            label: "g",
            tooltip: "",
            prefixGroupId: true,
            expand: expansion(c, groupSource),
          },
        ]
      : [],
  });
  const errors = specErrors(spec);
  if (errors.length > 0) throw new Error(errors.join());
  return spec;
}

function expansion(c: Choices, source: string | undefined): ExpandSpec {
  if (source !== undefined) {
    return { kind: "product", over: { x: { kind: "xcom", taskId: source, key: "return_value", path: [] } } };
  }
  return { kind: "product", over: { x: { kind: "literal", text: "", length: c.below(4) } } };
}

function usesXCom(expand: ExpandSpec): boolean {
  return expand.kind === "product" && Object.values(expand.over).some((expr) => expr.kind === "xcom");
}

/** A run under random events. */
export class RandomRun {
  run: DagRun;
  now = 1000;
  /** Every token ever seen, to be sent again when it is stale. */
  readonly tokens: AttemptToken[] = [];
  #seed = 0;

  constructor(spec: DagSpec) {
    this.run = createDagRun(aDagRunHead({ lastNow: 0, queuedAt: 0 }), spec, {});
  }

  step(event: RunEvent): StepResult {
    this.#seed += 1;
    const result = step(this.run, { event, now: this.now, seed: this.#seed * 7919, leases: DEFAULT_LEASES });
    for (const ord of [...result.dispatch, ...result.handOff]) {
      const token = openToken(this.run, ord);
      if (token !== undefined) this.tokens.push(token);
    }
    return result;
  }

  /** The run as it comes back from storage. */
  restart(): void {
    const { head, spec, longest, instances, facts } = this.run;
    this.run = restoreDagRun({ head, spec, longest, instances, facts });
  }

  openTokens(): AttemptToken[] {
    return this.run.instances.flatMap((instance) => openToken(this.run, instance.ord) ?? []);
  }

  /** An event of any kind, mostly reports. */
  randomEvent(c: Choices): RunEvent {
    this.now += c.below(3) * 400;
    const open = this.openTokens();
    const token = open[c.below(Math.max(1, open.length))] ?? "";
    const any = this.tokens[c.below(Math.max(1, this.tokens.length))] ?? "";
    switch (c.below(16)) {
      case 0:
        return { kind: "attempts-claimed", tokens: open };
      case 1:
        return { kind: "attempts-claimed", tokens: [any, token] };
      case 2:
        return { kind: "attempts-heartbeat", tokens: [any, token] };
      case 3:
        return { kind: "attempts-lost", tokens: [token, any], reason: "test" };
      case 4:
      case 5:
        this.now += c.below(3) * 40_000;
        return { kind: "timer-due" };
      case 6:
        return { kind: "attempts-finished", reports: [this.report(any, c), this.report(token, c)] };
      case 7:
        return { kind: "attempts-finished", reports: open.map((each) => this.report(each, c)) };
      case 8:
        return c.chance(3) ? this.#clear(c) : { kind: "attempts-finished", reports: [this.report(token, c)] };
      case 9:
        return c.chance(4) ? this.#mark(c) : { kind: "attempts-finished", reports: [this.report(token, c)] };
      case 10:
        return c.chance(12) ? { kind: "run-cancelled", by: "test" } : { kind: "timer-due" };
      case 11:
        return c.chance(12) ? { kind: "run-marked", state: "success", by: "test" } : { kind: "run-started" };
      default:
        return { kind: "attempts-finished", reports: [this.report(token, c)] };
    }
  }

  report(
    token: AttemptToken,
    c: Choices,
  ): { token: AttemptToken; outcome: AttemptOutcome; startedAt: number; endedAt: number } {
    return { token, outcome: this.#outcome(token, c), startedAt: this.now, endedAt: this.now + c.below(3) };
  }

  #outcome(token: AttemptToken, c: Choices): AttemptOutcome {
    const task = this.run.spec.tasks[this.run.instances[Number(token.split(":")[1])]?.task ?? 0];
    switch (c.below(7)) {
      case 1:
        return { kind: "failed", error: { code: "Error", message: "test" }, retry: !c.chance(3) };
      case 2:
        return { kind: "skipped", reason: "test" };
      case 3:
        return { kind: "reschedule", at: this.now + c.below(3) * 500 };
      default: {
        const ids = this.run.spec.tasks.filter((other) => other.upstream.includes(task?.taskId ?? ""));
        const follow = ids.filter(() => c.chance(2)).map((other) => other.taskId);
        if (c.chance(20)) follow.push("nowhere");
        return {
          kind: "success",
          xcoms: [],
          lengths: { return_value: c.below(4) },
          ...(task?.kind === "branch" ? { follow } : {}),
          ...(task?.kind === "short_circuit" ? { shortCircuited: c.chance(2) } : {}),
        };
      }
    }
  }

  #select(c: Choices): { taskId: string }[] {
    return [{ taskId: this.run.spec.tasks[c.below(this.run.spec.tasks.length)]?.taskId ?? "" }];
  }

  #clear(c: Choices): RunEvent {
    return {
      kind: "task-instances-cleared",
      options: {
        select: c.chance(4) ? [] : this.#select(c),
        includeUpstream: c.chance(4),
        includeDownstream: !c.chance(3),
        onlyFailed: c.chance(4),
        onlyRunning: false,
        resetDagRun: true,
        note: null,
      },
    };
  }

  #mark(c: Choices): RunEvent {
    const states = ["success", "failed", "skipped"] as const;
    return {
      kind: "task-instances-marked",
      by: "test",
      options: {
        select: this.#select(c),
        includeUpstream: c.chance(5),
        includeDownstream: c.chance(5),
        state: states[c.below(3)] ?? "success",
      },
    };
  }
}
