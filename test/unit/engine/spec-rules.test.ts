/**
 * @module Each rule that a DAG can break, with its message.
 */
import { aDagSpec, aTaskSpec } from "../../support/spec-builders.ts";
import { describe, expect, it } from "vitest";
import { specErrors } from "../../../src/engine/spec-rules.ts";
import type { DagSpec } from "../../../src/model/dag-spec.ts";
import type { ExpandSpec } from "../../../src/model/arg-expr.ts";
import type { Task } from "./engine-run.ts";

const OVER: ExpandSpec = { kind: "product", over: { x: { kind: "literal", text: "", length: 2 } } };
const group = (
  groupId: string,
  expand: ExpandSpec | null,
  parent: string | null = null,
): DagSpec["groups"][number] => ({
  groupId,
  parent,
  label: groupId,
  tooltip: "",
  prefixGroupId: true,
  expand,
});
const errors = (tasks: readonly Task[], dag: Partial<DagSpec> = {}): string[] =>
  specErrors(aDagSpec({ dagId: "etl", ...dag, tasks: tasks.map(aTaskSpec) }));

describe("specErrors", () => {
  it("has nothing to say about a good DAG", () => {
    const tasks: Task[] = [
      { taskId: "create", isSetup: true },
      { taskId: "g.work", upstream: ["create"], groupId: "g" },
      { taskId: "g.delete", upstream: ["create", "g.work"], isTeardown: true, groupId: "g" },
    ];
    expect(errors(tasks, { groups: [group("g", OVER)] })).toEqual([]);
  });
  it.each<readonly [string, readonly Task[], Partial<DagSpec>, string]>([
    [
      "a cycle",
      [
        { taskId: "a", upstream: ["b"] },
        { taskId: "b", upstream: ["a"] },
      ],
      {},
      "form a cycle: ",
    ],
    ["a duplicate id", [{ taskId: "a" }, { taskId: "a" }], {}, "The id a is used twice"],
    ["an unknown upstream", [{ taskId: "a", upstream: ["x"] }], {}, "Task a names upstream task x"],
    ["a bad character", [{ taskId: "a b" }], {}, 'Task id "a b" may hold only'],
    ["an id too long", [{ taskId: "a".repeat(251) }], {}, "has 251 characters"],
    ["an unknown group", [{ taskId: "a", groupId: "g" }], {}, "Task a is in group g"],
    [
      "a rule behind a setup",
      [
        { taskId: "s", isSetup: true },
        { taskId: "a", upstream: ["s"], triggerRule: "all_done" },
      ],
      {},
      "Setup tasks must be followed with trigger rule ALL_SUCCESS.",
    ],
    ["a rule under failFast", [{ taskId: "a", triggerRule: "all_done" }], { failFast: true }, "failFast allows only"],
    [
      "expansion inside an expanded group",
      [{ taskId: "g.a", groupId: "g", expand: OVER }],
      { groups: [group("g", OVER)] },
      "Task g.a is expanded inside the expanded group g",
    ],
    [
      "an expanded group inside an expanded group",
      [],
      { groups: [group("g", OVER), group("g.h", OVER, "g")] },
      "Group g.h is expanded inside the expanded group g",
    ],
    [
      "a time-out too long",
      [{ taskId: "a", executionTimeoutMs: 900_000 }],
      {},
      "Task a has an executionTimeout of 15 min",
    ],
    ["@continuous with parallel runs", [], { schedule: { kind: "continuous" } }, "@continuous needs maxActiveRuns 1"],
    ["catchup from nowhere", [], { catchup: true }, "catchup needs a startDate"],
  ])("refuses %s", (_, tasks, dag, message) => {
    const told = errors(tasks, dag);
    expect(told.some((error) => error.startsWith("DAG etl: ") && error.includes(message))).toBe(true);
  });
});

describe("overlap and retention", () => {
  const cron = { kind: "cron-trigger", crons: ["0 * * * *"], timezone: "UTC" } as const;

  it.each(["none", "once", "continuous"] as const)("an overlap policy needs times, not %s", (kind) => {
    expect(errors([], { overlap: "skip", schedule: { kind }, maxActiveRuns: 1 })).toEqual([
      'DAG etl: overlap "skip" needs a schedule of times without catchup; drop it, or give such a schedule.',
    ]);
  });

  it("an overlap policy and catchup contradict each other", () => {
    const dag = { overlap: "cancel_running", schedule: cron, catchup: true, startDate: 0 } as const;
    expect(errors([], dag)).toEqual([
      'DAG etl: overlap "cancel_running" needs a schedule of times without catchup; drop it, or catchup.',
    ]);
    expect(errors([], { ...dag, catchup: false })).toEqual([]);
  });

  it("retention is a day at least, or for ever", () => {
    expect(errors([], { retentionMs: 3_600_000 })).toEqual([
      "DAG etl: retention is shorter than a day, and history is cleaned once a day; give at least 1d.",
    ]);
    expect([errors([], { retentionMs: 86_400_000 }), errors([], { retentionMs: null })]).toEqual([[], []]);
  });
});
