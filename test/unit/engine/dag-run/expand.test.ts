/**
 * @module Mapped tasks and groups as whole runs: expansion, bad sources, growing and shrinking.
 */
import { EngineRun, FAILED, SKIPPED, SUCCESS, returns } from "../engine-run.ts";
import { describe, expect, it } from "vitest";
import type { ExpandSpec } from "../../../../src/model/arg-expr.ts";
import type { DagSpec } from "../../../../src/model/dag-spec.ts";
import type { Task } from "../engine-run.ts";

const over = (taskId: string): ExpandSpec => ({
  kind: "product",
  over: { x: { kind: "xcom", taskId, key: "return_value", path: [] } },
});
const literal = (length: number): ExpandSpec => ({
  kind: "product",
  over: { x: { kind: "literal", text: "", length } },
});
const group = (expand: ExpandSpec): Pick<DagSpec, "groups"> => ({
  groups: [{ groupId: "g", parent: null, label: "g", tooltip: "", prefixGroupId: true, expand }],
});
const SRC: Task = { taskId: "src", reportLengths: ["return_value"] };
const MAPPED: readonly Task[] = [
  SRC,
  { taskId: "m", upstream: ["src"], expand: over("src") },
  { taskId: "after", upstream: ["m"] },
];

describe("mapped tasks", () => {
  it("are expanded when their source is there: the placeholder becomes index 0", () => {
    const run = new EngineRun(MAPPED);
    run.start();
    expect(run.states()).toMatchObject({ m: "none" });
    run.finish("src", returns(3));
    expect(run.states()).toEqual({
      src: "success",
      "m[0]": "queued",
      after: "none",
      "m[1]": "queued",
      "m[2]": "queued",
    });
    expect(run.instance("m[0]").ord).toBe(1);
    expect(run.run.facts.get(1)?.expandedBy).toEqual({ x: 3 });
    run.finish(["m[0]", "m[1]"]);
    expect(run.states()).toMatchObject({ after: "none" });
    run.finish("m[2]");
    expect(run.states()).toMatchObject({ after: "queued" });
  });
  it("over literals have all instances from the start", () => {
    const run = new EngineRun([
      { taskId: "m", expand: literal(2) },
      { taskId: "z", upstream: ["m"] },
    ]);
    expect(run.states()).toEqual({ "m[0]": "none", z: "none", "m[1]": "none" });
  });
  it("over params have the length of the run's value", () => {
    const expand: ExpandSpec = { kind: "product", over: { x: { kind: "param", name: "days", path: [] } } };
    const run = new EngineRun([{ taskId: "m", expand }], {}, {}, { params: { days: [1, 2] } });
    expect(run.states()).toEqual({ "m[0]": "none", "m[1]": "none" });
    const bad = new EngineRun([{ taskId: "m", expand }], {}, {}, { params: { days: 7 } });
    bad.start();
    expect(bad.states()).toEqual({ m: "failed" });
    expect(bad.last?.errors).toMatchObject([{ error: { code: "value_not_mappable" } }]);
  });
  it("over nothing are skipped without an instance", () => {
    const run = new EngineRun(MAPPED);
    run.start();
    run.finish("src", returns(0));
    expect(run.states()).toEqual({ src: "success", m: "skipped", after: "skipped" });
  });
  it.each([returns(null), SUCCESS])("over a value that cannot be mapped fail the task that made it", (outcome) => {
    const run = new EngineRun(MAPPED);
    run.start();
    const result = run.finish("src", outcome);
    expect(run.states()).toEqual({ src: "failed", m: "upstream_failed", after: "upstream_failed" });
    expect(result.errors).toMatchObject([{ ord: 0, error: { code: "value_not_mappable" } }]);
    expect(result.accepted).toMatchObject([{ ord: 0, report: { outcome: { kind: "failed" } } }]);
  });
  it.each([
    [FAILED, "upstream_failed"],
    [SKIPPED, "skipped"],
  ] as const)("do not run behind a bad source, whatever their rule", (outcome, state) => {
    const run = new EngineRun([SRC, { taskId: "m", upstream: ["src"], expand: over("src"), triggerRule: "all_done" }]);
    run.start();
    run.finish("src", outcome);
    expect(run.states()).toMatchObject({ m: state });
  });
  it("over a mapped task take only the instances that pushed a value", () => {
    const run = new EngineRun([
      { ...SRC, expand: literal(3) },
      { taskId: "m", upstream: ["src"], expand: over("src"), triggerRule: "all_done" },
    ]);
    run.start();
    run.finish("src[0]", returns(null));
    run.finish("src[1]", SKIPPED);
    run.finish("src[2]", returns(5));
    expect(run.states()).toMatchObject({ "m[0]": "queued", "m[1]": "queued" });
    expect(run.run.instances).toHaveLength(5);
  });
  it("grow and shrink when they are cleared together with their source", () => {
    const run = new EngineRun(MAPPED);
    run.start();
    run.finish("src", returns(2));
    run.finish(["m[0]", "m[1]"]);
    const again = (length: number): void => {
      run.clear({ select: [{ taskId: "src" }], includeDownstream: true });
      run.finish("src", returns(length));
    };
    again(3);
    expect(run.states()).toMatchObject({ "m[0]": "queued", "m[1]": "queued", "m[2]": "queued", after: "none" });
    run.finish(["m[0]", "m[1]", "m[2]"]);
    again(1);
    expect(run.states()).toMatchObject({ "m[0]": "queued", "m[1]": "removed", "m[2]": "removed" });
    run.finish("m[0]");
    expect(run.states()).toMatchObject({ after: "queued" });
    again(2);
    expect(run.states()).toMatchObject({ "m[0]": "queued", "m[1]": "queued", "m[2]": "removed" });
    again(0);
    expect(run.states()).toMatchObject({ "m[0]": "skipped", "m[1]": "removed", after: "skipped" });
  });
});

describe("mapped groups", () => {
  const tasks: readonly Task[] = [
    SRC,
    { taskId: "g.a", groupId: "g", upstream: ["src"] },
    { taskId: "g.b", groupId: "g", upstream: ["g.a"], triggerRule: "one_failed" },
    { taskId: "after", upstream: ["g.b"], triggerRule: "all_done" },
  ];
  it("depend index by index inside and as a whole outside", () => {
    const run = new EngineRun(tasks, group(over("src")));
    run.start();
    run.finish("src", returns(2));
    expect(run.states()).toMatchObject({ "g.a[0]": "queued", "g.a[1]": "queued", "g.b[0]": "none", "g.b[1]": "none" });
    run.finish("g.a[0]");
    run.finish("g.a[1]", FAILED);
    expect(run.states()).toMatchObject({ "g.b[0]": "skipped", "g.b[1]": "queued", after: "none" });
    run.finish("g.b[1]");
    expect(run.states()).toMatchObject({ after: "queued" });
  });
  it("are upstream_failed as a whole when their source fails, also in the middle", () => {
    const run = new EngineRun(tasks, group(over("src")));
    run.start();
    run.finish("src", FAILED);
    expect(run.states()).toMatchObject({ "g.a": "upstream_failed", "g.b": "upstream_failed", after: "queued" });
  });
  it("a branch inside decides for its own index", () => {
    const branchy: readonly Task[] = [
      { taskId: "g.br", groupId: "g", kind: "branch" },
      { taskId: "g.x", groupId: "g", upstream: ["g.br"] },
      { taskId: "g.y", groupId: "g", upstream: ["g.br"] },
    ];
    const run = new EngineRun(branchy, group(literal(2)));
    run.start();
    run.finish("g.br[0]", { kind: "success", xcoms: [], follow: ["g.x"] });
    run.finish("g.br[1]", { kind: "success", xcoms: [], follow: ["g.y"] });
    expect(run.states()).toMatchObject({
      "g.x[0]": "queued",
      "g.y[0]": "skipped",
      "g.x[1]": "skipped",
      "g.y[1]": "queued",
    });
  });
});
