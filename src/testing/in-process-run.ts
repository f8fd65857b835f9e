/**
 * @module A run in memory: the real engine, and beside it what the run's Durable Object keeps (XComs, errors, logs). No storage, no leases that end.
 */
import { createDagRun } from "../engine/dag-run/create.ts";
import { askOf } from "../engine/dag-run/slots.ts";
import { step } from "../engine/dag-run/step.ts";
import type { Command, StepResult } from "../model/command.ts";
import type { DagRun, DagRunHead } from "../model/dag-run.ts";
import type { DagSpec } from "../model/dag-spec.ts";
import { DEFAULT_LEASES, type LeaseSettings, type RunEvent } from "../model/event.ts";
import type { AttemptToken } from "../model/ids.ts";
import type { AttemptReport, ErrorInfo } from "../model/outcome.ts";
import type {
  AttemptBatch,
  ClaimAnswer,
  ClaimRequest,
  DagRunPort,
  HeartbeatAnswer,
  HeartbeatRequest,
  ReadXComsAnswer,
  ReadXComsRequest,
  ReportAnswer,
  ReportRequest,
  TaskInstanceView,
  XComEntry,
} from "../model/protocol.ts";
import { FINISHED_RUN_STATES, OPEN_ATTEMPT_STATES } from "../model/state.ts";
import type { TaskInstance } from "../model/task-instance.ts";
import type { XComValue, XComWrite } from "../model/xcom.ts";
import { attemptOrder, tokenOf } from "./attempt-orders.ts";

/** Nothing gets lost in one process, and a debugger may hold an attempt for long: no lease ends. */
const NEVER_MS = 10 ** 12;
const LEASES: LeaseSettings = {
  ...DEFAULT_LEASES,
  queuedMs: NEVER_MS,
  queuedMaxMs: NEVER_MS,
  handedOffMs: NEVER_MS,
  runningMs: NEVER_MS,
  slotMs: NEVER_MS,
};

/** What the run asks of whoever drives it. */
export interface InProcessDuties {
  readonly now: () => number;
  /** Attempts to claim and run. */
  readonly dispatch: (tokens: readonly AttemptToken[]) => void;
  readonly command: (command: Command) => void;
  /** Log lines of an attempt, newline-terminated JSON. */
  readonly log: (instance: TaskInstanceView, text: string) => void;
}

export class InProcessRun implements DagRunPort {
  readonly run: DagRun;
  readonly errors = new Map<number, ErrorInfo>();
  readonly #duties: InProcessDuties;
  readonly #xcoms = new Map<number, Map<string, XComValue>>();
  readonly #once = new Map<string, string>();
  #seed = 1;
  /** Earliest time at which a waiting instance needs attention; null = none. */
  nextWakeAt: number | null = null;

  constructor(head: DagRunHead, spec: DagSpec, duties: InProcessDuties) {
    this.run = createDagRun(head, spec, {});
    this.#duties = duties;
  }

  get finished(): boolean {
    return FINISHED_RUN_STATES.has(this.run.head.state);
  }

  /** One event into the engine; its duties go out before this returns. */
  handle(event: RunEvent): StepResult {
    const now = Math.max(this.#duties.now(), this.run.head.lastNow);
    const result = step(this.run, { event, now, seed: this.#seed++, leases: LEASES });
    for (const ord of result.xcomsCleared) this.#xcoms.delete(ord);
    for (const { ord, error } of result.errors) this.errors.set(ord, error);
    for (const { ord, report } of result.accepted) this.#accept(ord, report);
    this.nextWakeAt = result.nextWakeAt;
    const tokens = result.dispatch.flatMap((ord) => this.#openToken(ord));
    if (tokens.length > 0) this.#duties.dispatch(tokens);
    for (const command of result.commands) this.#duties.command(command);
    if (result.asks.length > 0) this.#grant(result.asks);
    return result;
  }

  /** No other run is there to take slots: pools and the like limit nothing. */
  #grant(ords: readonly number[]): void {
    const words = ords.flatMap((ord) => {
      const asked = askOf(this.run, ord);
      if (asked === undefined) return [];
      const grant = { ord, ask: asked.request.ask, until: this.run.head.lastNow + NEVER_MS, includeDeferred: false };
      return [{ limit: asked.limit.name, granted: [grant], waiting: [], gone: [] }];
    });
    if (words.length > 0) this.handle({ kind: "slots-answered", words });
  }

  /** The value pushed under `key`, or undefined. */
  xcomOf(ord: number, key: string): XComValue | undefined {
    return this.#xcoms.get(ord)?.get(key);
  }

  viewOf(instance: TaskInstance): TaskInstanceView {
    const { nonce: _, task, ...numbers } = instance;
    const taskId = this.run.spec.tasks[task]?.taskId ?? "";
    const error = this.errors.get(instance.ord) ?? null;
    return { ...numbers, taskId, note: null, error, renderedMapIndex: null };
  }

  async claim({ tokens }: ClaimRequest): Promise<ClaimAnswer> {
    const { stale } = this.handle({ kind: "attempts-claimed", tokens });
    const claimed = new Set(tokens.filter((token) => !stale.includes(token)));
    const instances = this.run.instances.filter(
      (instance) => instance.nonce !== 0 && claimed.has(tokenOf(this.run, instance)),
    );
    return { batch: instances.length === 0 ? null : this.#batch(instances), stale };
  }

  async report({ reports }: ReportRequest): Promise<ReportAnswer> {
    const { stale } = this.handle({ kind: "attempts-finished", reports });
    return { stale, next: null, runState: this.run.head.state };
  }

  async heartbeat({ tokens, logs }: HeartbeatRequest): Promise<HeartbeatAnswer> {
    const { stale } = this.handle({ kind: "attempts-heartbeat", tokens });
    for (const instance of this.run.instances) {
      const token = instance.nonce === 0 ? undefined : tokenOf(this.run, instance);
      if (token === undefined) continue;
      this.#logged(instance, logs[token]);
    }
    return { stop: stale };
  }

  async readXComs({ taskIds, key, mapIndexes, after, limit }: ReadXComsRequest): Promise<ReadXComsAnswer> {
    const all = this.#entries().filter(
      (entry) =>
        (taskIds.length === 0 || taskIds.includes(entry.taskId)) &&
        (key === null || entry.key === key) &&
        (mapIndexes === undefined || mapIndexes.includes(entry.mapIndex)),
    );
    const rest =
      after === undefined
        ? all
        : all.slice(all.findIndex(({ ord, key: name }) => ord === after.ord && name === after.key) + 1);
    const entries = rest.slice(0, limit);
    const last = entries.at(-1);
    const more = rest.length > entries.length && last !== undefined ? { ord: last.ord, key: last.key } : null;
    return { entries: entries.map((entry) => ({ ...entry, writtenAt: this.#duties.now() })), more };
  }

  async once({ token, key, text }: Parameters<DagRunPort["once"]>[0]): Promise<string | null> {
    // The part before the nonce names the instance: all of its attempts share what is stored.
    const name = `${token.slice(0, token.lastIndexOf(":"))}/${key}`;
    const stored = this.#once.get(name);
    if (stored === undefined && text !== undefined) this.#once.set(name, text);
    return stored ?? text ?? null;
  }

  #openToken(ord: number): readonly AttemptToken[] {
    const instance = this.run.instances[ord];
    return instance !== undefined && OPEN_ATTEMPT_STATES.has(instance.state) ? [tokenOf(this.run, instance)] : [];
  }

  #batch(instances: readonly TaskInstance[]): AttemptBatch {
    const { head, spec } = this.run;
    return {
      head: { ...head },
      attempts: instances.flatMap((instance) => {
        const task = spec.tasks[instance.task];
        return task === undefined ? [] : [attemptOrder(this.run, task, instance)];
      }),
      xcoms: this.#entries(),
      xcomsLeftOut: [],
      mappedTasks: this.#mappedTasks(),
      leaseMs: LEASES.runningMs,
      heartbeatMs: LEASES.heartbeatMs,
    };
  }

  #mappedTasks(): readonly string[] {
    const { groups, tasks } = this.run.spec;
    const byId = new Map(groups.map((group) => [group.groupId, group]));
    const inMapped = (groupId: string | null): boolean => {
      const group = groupId === null ? undefined : byId.get(groupId);
      return group !== undefined && (group.expand !== null || inMapped(group.parent));
    };
    return tasks.filter((task) => task.expand !== null || inMapped(task.groupId)).map(({ taskId }) => taskId);
  }

  #entries(): readonly (XComEntry & { readonly ord: number })[] {
    return [...this.#xcoms]
      .toSorted(([a], [b]) => a - b)
      .flatMap(([ord, values]) => {
        const instance = this.run.instances[ord];
        const taskId = instance === undefined ? undefined : this.run.spec.tasks[instance.task]?.taskId;
        if (instance === undefined || taskId === undefined) return [];
        return Array.from(values, ([key, value]) => ({ ord, taskId, mapIndex: instance.mapIndex, key, value }));
      });
  }

  #accept(ord: number, { outcome, log }: AttemptReport): void {
    const instance = this.run.instances[ord];
    if (instance === undefined) return;
    if (outcome.kind === "failed") this.errors.set(ord, outcome.error);
    else if (outcome.kind === "success") this.errors.delete(ord);
    this.#push(ord, outcome.xcoms ?? []);
    this.#logged(instance, log);
  }

  #push(ord: number, writes: readonly XComWrite[]): void {
    const values = this.#xcoms.get(ord) ?? new Map<string, XComValue>();
    for (const { key, value } of writes) values.set(key, value);
    if (values.size > 0) this.#xcoms.set(ord, values);
  }

  #logged(instance: TaskInstance, text: string | undefined): void {
    if (text !== undefined && text !== "") this.#duties.log(this.viewOf(instance), text);
  }
}
