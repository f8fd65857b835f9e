/**
 * @module Trigger rules, setups and teardowns against Airflow's own answers, each row as a small run whose upstream states are set.
 */
import { describe, it } from "vitest";
import { aDagSpec, aDagRunHead, aTaskSpec } from "../support/spec-builders.ts";
import { decide } from "../../src/engine/dag-run/decide.ts";
import { createDagRun, restoreDagRun } from "../../src/engine/dag-run/create.ts";
import { readRows, reportRows } from "./conformance-data.ts";
import { runIndexOf } from "../../src/engine/dag-run/run-index.ts";
import { specErrors } from "../../src/engine/spec-rules.ts";
import type { TaskInstanceState } from "../../src/model/state.ts";
import type { TaskSpec } from "../../src/model/task-spec.ts";
import type { TriggerRule } from "../../src/model/trigger-rule.ts";

type State = TaskInstanceState | null;
interface RuleRow {
  readonly rule: TriggerRule;
  readonly upstream: readonly State[];
  readonly outcome: string;
}
interface TeardownRow {
  readonly setups: number;
  readonly works: number;
  readonly upstream: readonly State[];
  readonly outcome: string;
}
interface ScopeRow {
  readonly upstream: readonly State[];
  readonly outcome: string;
}
interface Data {
  readonly rules: readonly TriggerRule[];
  readonly basic: readonly RuleRow[];
  readonly setup_direct: readonly RuleRow[];
  readonly setup_indirect: readonly RuleRow[];
  readonly teardown: readonly TeardownRow[];
  readonly teardown_scope: readonly ScopeRow[];
  readonly rejected: Readonly<Record<string, string>>;
  readonly unfinished_check: Readonly<Record<string, string>>;
}

const readData = (): Data => readRows("trigger-rules.json") as Data;

type Task = Partial<TaskSpec> & { readonly taskId: string };

/** What the engine decides for the last task when the tasks before it are in these states. */
function outcome(tasks: readonly Task[], states: readonly State[]): string {
  const spec = aDagSpec({ dagId: "rules", tasks: tasks.map(aTaskSpec) });
  const fresh = createDagRun(aDagRunHead({ dagId: "rules", state: "running" }), spec, {});
  for (const [i, state] of states.entries()) Object.assign(fresh.instances[i] ?? {}, { state: state ?? "none" });
  const run = restoreDagRun({ ...fresh, longest: {} });
  const index = runIndexOf(run);
  const plan = index.plan.tasks.at(-1);
  const instance = run.instances.at(-1);
  if (plan === undefined || instance === undefined) throw new Error("no tasks");
  return decide(run, index, plan, instance);
}

const names = (prefix: string, count: number): string[] => Array.from({ length: count }, (_, i) => `${prefix}${i}`);

const basic = (row: RuleRow): string => {
  const ups = names("u", row.upstream.length);
  return outcome(
    [...ups.map((taskId) => ({ taskId })), { taskId: "t", upstream: ups, triggerRule: row.rule }],
    row.upstream,
  );
};

/** `s` is a setup directly above the task, `w` plain work. */
const setupDirect = (row: RuleRow): string =>
  outcome(
    [{ taskId: "s", isSetup: true }, { taskId: "w" }, { taskId: "t", upstream: ["s", "w"], triggerRule: row.rule }],
    row.upstream,
  );

const setupIndirect = (row: RuleRow): string =>
  outcome(
    [
      { taskId: "s", isSetup: true },
      { taskId: "w", upstream: ["s"] },
      { taskId: "t", upstream: ["w"], triggerRule: row.rule },
    ],
    row.upstream,
  );

const teardown = (row: TeardownRow): string => {
  const setups = names("s", row.setups);
  const works = names("w", row.works);
  return outcome(
    [
      ...setups.map((taskId) => ({ taskId, isSetup: true })),
      ...works.map((taskId) => ({ taskId, upstream: setups })),
      { taskId: "t", upstream: [...setups, ...works], isTeardown: true },
    ],
    row.upstream,
  );
};

const teardownScope = (row: ScopeRow): string =>
  outcome(
    [
      { taskId: "s", isSetup: true },
      { taskId: "w1", upstream: ["s"] },
      { taskId: "w2", upstream: ["w1"] },
      { taskId: "t", upstream: ["s", "w2"], isTeardown: true },
    ],
    row.upstream,
  );

function rows<T extends { readonly upstream: readonly State[]; readonly outcome: string }>(
  part: string,
  list: readonly T[],
  decideRow: (row: T) => string,
): { id: string; check(): { id: string; problem: string | null } }[] {
  return list.map((row) => {
    const { outcome: expected, ...input } = row;
    const id = `${part} ${JSON.stringify(input)}`;
    return {
      id,
      check: () => {
        const ours = decideRow(row);
        return { id, problem: ours === expected ? null : `${ours}, not ${expected}` };
      },
    };
  });
}

function rejection(name: string, error: string): { id: string; problem: string | null } {
  const rule = name.split(" ")[0] ?? "";
  const triggerRule = readData().rules.find((known) => known === rule) ?? "all_success";
  const tasks = [aTaskSpec({ taskId: "s", isSetup: true }), aTaskSpec({ taskId: "t", upstream: ["s"], triggerRule })];
  const errors = specErrors(aDagSpec({ dagId: "rejected", tasks }));
  return { id: name, problem: errors.some((told) => told.includes(error)) ? null : `not refused: ${errors.join()}` };
}

describe("trigger-rules.json", () => {
  it("every row is decided as in Airflow", () => {
    const data = readData();
    reportRows("trigger-rules.json", [
      ...rows("basic", data.basic, basic),
      ...rows("setup_direct", data.setup_direct, setupDirect),
      ...rows("setup_indirect", data.setup_indirect, setupIndirect),
      ...rows("teardown", data.teardown, teardown),
      ...rows("teardown_scope", data.teardown_scope, teardownScope),
      ...Object.entries(data.rejected).map(([name, error]) => ({ id: name, check: () => rejection(name, error) })),
      ...Object.entries(data.unfinished_check).map(([state, expected]) => ({
        id: `unfinished ${state}`,
        check: () => {
          const ours = basic({ rule: "all_success", upstream: [knownState(state)], outcome: expected });
          return { id: `unfinished ${state}`, problem: ours === expected ? null : `${ours}, not ${expected}` };
        },
      })),
    ]);
  });
});

/** Airflow's `awaiting_input` is a kind of deferral, which has no state of its own here. */
function knownState(state: string): State {
  const known: readonly TaskInstanceState[] = ["scheduled", "queued", "running", "restarting", "up_for_retry"];
  return known.find((name) => name === state) ?? (state === "up_for_reschedule" ? "up_for_reschedule" : "deferred");
}
