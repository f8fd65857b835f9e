/**
 * @module The decision core under simulation, and deliberately broken ones: a simulation that does not catch each of them proves nothing.
 */
import { createDagRun, restoreDagRun } from "../../src/engine/dag-run/create.ts";
import { step } from "../../src/engine/dag-run/step.ts";
import type { StepResult } from "../../src/model/command.ts";
import type { DagRun } from "../../src/model/dag-run.ts";
import type { StepInput } from "../../src/model/event.ts";
import { attemptToken, parseAttemptToken } from "../../src/model/ids.ts";

/** What a world may get wrong on purpose, beside the step function. */
export interface Core {
  readonly step: (run: DagRun, input: StepInput) => StepResult;
  readonly create: typeof createDagRun;
  readonly restore: typeof restoreDagRun;
  /** The object arms its alarm after each commit. */
  readonly arms: boolean;
  /** The cron sweep pokes overdue runs. */
  readonly sweeps: boolean;
  /** The outbox row goes only after the delivery succeeded. */
  readonly outboxKept: boolean;
  /** The history refuses rows older than what it has. */
  readonly historyGuarded: boolean;
  /** State and outbox are written in one transaction. */
  readonly atomic: boolean;
  /** A repeated call is answered from the stored answer. */
  readonly answersStored: boolean;
  /** A driver starts no token twice. */
  readonly driverDropsRepeats: boolean;
  /** A slot that nobody renews is free again. */
  readonly slotLeasesEnd: boolean;
  /** Who waits for a slot has the place that its priority gives it. */
  readonly slotsByPriority: boolean;
}

export const REAL_CORE: Core = {
  step,
  create: createDagRun,
  restore: restoreDagRun,
  arms: true,
  sweeps: true,
  outboxKept: true,
  historyGuarded: true,
  atomic: true,
  answersStored: true,
  driverDropsRepeats: true,
  slotLeasesEnd: true,
  slotsByPriority: true,
};

/** Rewrites each reported or claimed token to the open one of the same instance, as an engine without token check would. */
function withoutTokenCheck(run: DagRun, input: StepInput): StepInput {
  const { event } = input;
  const current = (token: string): string => {
    const parsed = parseAttemptToken(token);
    const instance = parsed === undefined ? undefined : run.instances[parsed.ord];
    if (instance === undefined || instance.nonce === 0) return token;
    return attemptToken(run.head.incarnation, instance.ord, instance.nonce);
  };
  if (event.kind === "attempts-finished") {
    const reports = event.reports.map((report) => ({ ...report, token: current(report.token) }));
    return { ...input, event: { ...event, reports } };
  }
  return input;
}

/** A claim hands out an attempt that is running already. */
function claimsTwice(run: DagRun, input: StepInput): StepResult {
  const result = step(run, input);
  if (input.event.kind !== "attempts-claimed" || result.stale.length === 0) return result;
  return { ...result, stale: [] };
}

/** Loses the due times of running attempts: dead workers are never found. */
function forgetsLeases(run: DagRun, input: StepInput): StepResult {
  if (input.event.kind === "timer-due") {
    for (const instance of run.instances) {
      if (instance.state === "running" && instance.dueAt <= input.now) return EMPTY;
    }
  }
  return step(run, input);
}

const EMPTY: StepResult = {
  changed: false,
  instances: [],
  facts: [],
  tries: [],
  accepted: [],
  stale: [],
  xcomsCleared: [],
  errors: [],
  notes: [],
  dispatch: [],
  handOff: [],
  commands: [],
  asks: [],
  renewals: [],
  releases: [],
  nextWakeAt: null,
};

/** Hears no wake-up while the task is looking: what it read before stands. */
function deafWhileLooking(run: DagRun, input: StepInput): StepResult {
  const { event } = input;
  if (event.kind !== "task-instance-woken") return step(run, input);
  const task = run.spec.tasks.findIndex(({ taskId }) => taskId === event.taskId);
  const looks = run.instances.some(
    (instance) => instance.task === task && instance.mapIndex === event.mapIndex && instance.state === "running",
  );
  return looks ? EMPTY : step(run, input);
}

/** Never re-sends a queued attempt whose message was lost. */
function neverResends(run: DagRun, input: StepInput): StepResult {
  const result = step(run, input);
  return input.event.kind === "timer-due"
    ? { ...result, dispatch: result.dispatch.slice(result.dispatch.length) }
    : result;
}

/** Forgets to report one changed instance: it is not written, so a restart brings an older state back. */
function dropsChangedRow(run: DagRun, input: StepInput): StepResult {
  const result = step(run, input);
  return result.instances.length > 1 ? { ...result, instances: result.instances.slice(1) } : result;
}

/** Starts tasks without looking at what came before them. */
function dropsCommands(run: DagRun, input: StepInput): StepResult {
  const result = step(run, input);
  return { ...result, commands: result.commands.filter((command) => command.kind !== "run-state") };
}

/** Tells nobody of SLAs. */
function tellsNoSla(run: DagRun, input: StepInput): StepResult {
  const result = step(run, input);
  return { ...result, commands: result.commands.filter((command) => command.kind !== "sla-miss") };
}

/** Forgets at each restart which SLAs have been judged. */
function forgetsJudgedSlas(rows: Parameters<typeof restoreDagRun>[0]): DagRun {
  const { toldUntil: _, ...head } = rows.head;
  return restoreDagRun({ ...rows, head });
}

/** Keeps the slots of a try that waits for its retry. */
function keepsSlotsOnRetry(run: DagRun, input: StepInput): StepResult {
  const result = step(run, input);
  return { ...result, releases: result.releases.filter(({ ord }) => run.instances[ord]?.state !== "up_for_retry") };
}

/** Opens tasks without asking their limits. */
function asksNoLimit(...[head, spec, longest]: Parameters<typeof createDagRun>): DagRun {
  const tasks = spec.tasks.map((task) => ({ ...task, pool: "default_pool", maxActiveTisPerDag: null }));
  return createDagRun(head, { ...spec, tasks }, longest);
}

/** Ignores the run's limit of tasks at once. */
function ignoresMaxActiveTasks(...[head, spec, longest]: Parameters<typeof createDagRun>): DagRun {
  return createDagRun(head, { ...spec, maxActiveTasks: 1_000 }, longest);
}

/** Believes every task waits for nobody. */
function ignoresTriggerRules(...[head, spec, longest]: Parameters<typeof createDagRun>): DagRun {
  const tasks = spec.tasks.map((task) => ({ ...task, triggerRule: "always" as const }));
  return createDagRun(head, { ...spec, tasks }, longest);
}

/** Each must be caught within a few hundred seeds. */
export const BROKEN_CORES: Readonly<Record<string, Core>> = {
  "no token check": { ...REAL_CORE, step: (run, input) => step(run, withoutTokenCheck(run, input)) },
  "a claimed attempt is handed out again": { ...REAL_CORE, step: claimsTwice, driverDropsRepeats: false },
  "a wake-up during a look is forgotten": { ...REAL_CORE, step: deafWhileLooking },
  "leases never expire": { ...REAL_CORE, step: forgetsLeases },
  "lost messages are never sent again": { ...REAL_CORE, step: neverResends },
  "a changed row is not written": { ...REAL_CORE, step: dropsChangedRow },
  "the end of a run is not told": { ...REAL_CORE, step: dropsCommands },
  "max_active_tasks is ignored": { ...REAL_CORE, create: ignoresMaxActiveTasks },
  "trigger rules are ignored": { ...REAL_CORE, create: ignoresTriggerRules },
  "the alarm is not re-armed": { ...REAL_CORE, arms: false, sweeps: false },
  "no sweep": { ...REAL_CORE, sweeps: false },
  "the outbox is cleared before delivery": { ...REAL_CORE, outboxKept: false },
  "older history wins": { ...REAL_CORE, historyGuarded: false },
  "missed SLAs are not told": { ...REAL_CORE, step: tellsNoSla },
  "judged SLAs are forgotten": { ...REAL_CORE, restore: forgetsJudgedSlas },
  "slots are kept over a retry": { ...REAL_CORE, step: keepsSlotsOnRetry },
  "no limit is asked": { ...REAL_CORE, create: asksNoLimit },
  "the leases of slots never end": { ...REAL_CORE, slotLeasesEnd: false },
  "slots go to whoever is less important": { ...REAL_CORE, slotsByPriority: false },
  "outbox outside the transaction": { ...REAL_CORE, atomic: false },
};
