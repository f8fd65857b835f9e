/**
 * @module In-memory ports of the runtime, a clock that tests move by hand, and builders for orders, batches and DAGs.
 */
import { createHash } from "node:crypto";
import type { Context } from "../../src/dag/context.ts";
import type { ExecutableDag, TaskHandler } from "../../src/dag/executable-dag.ts";
import type { DagRunHead } from "../../src/model/dag-run.ts";
import type { DagSpec } from "../../src/model/dag-spec.ts";
import type {
  AttemptBatch,
  AttemptOrder,
  DagRunPort,
  HeartbeatRequest,
  ReportAnswer,
  ReportRequest,
  XComEntry,
} from "../../src/model/protocol.ts";
import type { ObjectStorePort, RuntimePorts } from "../../src/runtime/ports.ts";
import { SealedValues } from "../../src/runtime/sealed-values.ts";
import { SecretMasker } from "../../src/runtime/secret-masker.ts";
import { memorySecrets } from "../../src/testing/memory-ports.ts";
import { aDagRunHead, aDagSpec, aTaskSpec } from "./spec-builders.ts";

/** 2026-01-31T02:00:00Z, where every fake clock starts. */
export const START = Date.UTC(2026, 0, 31, 2);

/** Lets everything that waits for promises only go on. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** A clock that stands still; sleepers wake when a test moves it past them. */
export class FakeClock {
  time = START;
  readonly sleepers = new Set<{ readonly at: number; readonly wake: () => void }>();
  readonly now = (): number => this.time;
  readonly sleep = (ms: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      const sleeper = { at: this.time + ms, wake: resolve };
      this.sleepers.add(sleeper);
      signal?.addEventListener("abort", () => {
        this.sleepers.delete(sleeper);
        resolve();
      });
    });

  /** Moves time on, waking sleepers one after the other at their time. */
  async advance(ms: number): Promise<void> {
    const end = this.time + ms;
    await settle();
    for (;;) {
      const [next] = [...this.sleepers].toSorted((a, b) => a.at - b.at);
      if (next === undefined || next.at > end) break;
      this.sleepers.delete(next);
      this.time = Math.max(this.time, next.at);
      next.wake();
      await settle();
    }
    this.time = end;
  }
}

/** R2 as a map. `reads` counts gets. */
export class MemoryObjects implements ObjectStorePort {
  readonly stored = new Map<string, Uint8Array>();
  reads = 0;
  bytesMax = Number.POSITIVE_INFINITY;
  async put(
    key: string,
    body: Uint8Array | string | ReadableStream<Uint8Array>,
  ): Promise<{ readonly size: number; readonly sha256: string }> {
    const bytes = new Uint8Array(await new Response(body).arrayBuffer());
    if (bytes.length > this.bytesMax) throw Object.assign(new Error("over the limit"), { code: "xcom_too_large" });
    this.stored.set(key, bytes);
    return { size: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") };
  }
  async get(key: string): Promise<{ readonly body: ReadableStream<Uint8Array>; readonly size: number } | null> {
    this.reads++;
    const bytes = this.stored.get(key);
    const body = bytes === undefined ? null : new Response(bytes).body;
    return bytes === undefined || body === null ? null : { body, size: bytes.length };
  }
}

/** A run's object that writes down what it is asked; tests replace the answers. */
export class FakeRun implements DagRunPort {
  readonly reports: ReportRequest[] = [];
  readonly heartbeats: HeartbeatRequest[] = [];
  readonly xcoms: XComEntry[] = [];
  readonly onceTexts = new Map<string, string>();
  /** Entries of one page. */
  pageSize = 2;
  pages = 0;
  onReport: (request: ReportRequest) => Partial<ReportAnswer> | Promise<Partial<ReportAnswer>> = () => ({});
  onHeartbeat: (request: HeartbeatRequest) => readonly string[] = () => [];

  claim(): Promise<never> {
    return Promise.reject(new Error("drivers get claimed batches"));
  }
  async report(request: ReportRequest): Promise<ReportAnswer> {
    this.reports.push(request);
    return { stale: [], next: null, runState: "running", ...(await this.onReport(request)) };
  }
  async heartbeat(request: HeartbeatRequest): Promise<{ readonly stop: readonly string[] }> {
    this.heartbeats.push(request);
    return { stop: this.onHeartbeat(request) };
  }
  readonly readXComs: DagRunPort["readXComs"] = async ({ taskIds, key, mapIndexes, after }) => {
    this.pages++;
    const all = this.xcoms
      .map((entry, ord) => ({ ...entry, ord, writtenAt: START }))
      .filter((entry) => taskIds.length === 0 || taskIds.includes(entry.taskId))
      .filter((entry) => key === null || entry.key === key)
      .filter((entry) => mapIndexes === undefined || mapIndexes.includes(entry.mapIndex))
      .filter((entry) => after === undefined || entry.ord > after.ord);
    const entries = all.slice(0, this.pageSize);
    const last = entries.at(-1);
    return {
      entries,
      more: all.length > entries.length && last !== undefined ? { ord: last.ord, key: last.key } : null,
    };
  };
  readonly once: DagRunPort["once"] = async ({ key, text }) => {
    const stored = this.onceTexts.get(key);
    if (stored !== undefined || text === undefined) return stored ?? null;
    this.onceTexts.set(key, text);
    return text;
  };
}

export interface FakePorts extends RuntimePorts {
  readonly run: FakeRun;
  readonly objects: MemoryObjects;
  readonly clock: FakeClock;
}

export function fakePorts(over: Partial<RuntimePorts> = {}): FakePorts {
  const clock = new FakeClock();
  let ids = 0;
  return {
    assets: { latest: async () => [], triggering: async () => [] },
    variables: { get: async () => undefined, names: async () => [] },
    connections: { get: async () => undefined, ids: async () => [] },
    dags: {
      trigger: async () => ({ runId: "triggered", logicalDate: 0, isNew: true }),
      observe: async () => ({ isDeployed: false, unknown: [], runs: [] }),
    },
    metrics: () => undefined,
    randomId: () => `id-${++ids}`,
    env: {},
    now: clock.now,
    sleep: clock.sleep,
    ...over,
    run: new FakeRun(),
    objects: new MemoryObjects(),
    secrets: memorySecrets(),
    clock,
  };
}

/** A running manual run of {@link START}. */
export function aHead(over: Partial<DagRunHead> = {}): DagRunHead {
  return aDagRunHead({
    dagId: "etl",
    runId: "manual__1",
    logicalDate: START,
    dataIntervalStart: null,
    dataIntervalEnd: null,
    runAfter: START,
    specHash: "0123456789abcdef",
    state: "running",
    ...over,
  });
}

let tokens = 0;

export function anOrder(taskId: string, over: Partial<AttemptOrder> = {}): AttemptOrder {
  return {
    token: `inc:${++tokens}:7`,
    taskId,
    mapIndex: -1,
    tryNumber: 1,
    maxTries: 1,
    kind: "task",
    args: {},
    mapped: null,
    reportLengths: [],
    multipleOutputs: false,
    doXcomPush: true,
    executionTimeoutMs: 600_000,
    sensor: null,
    queuedAt: START,
    ...over,
  };
}

export function aSensor(over: Partial<NonNullable<AttemptOrder["sensor"]>> = {}): NonNullable<AttemptOrder["sensor"]> {
  return {
    pokeIntervalMs: 60_000,
    timeoutMs: 3_600_000,
    mode: "poke",
    softFail: false,
    silentFail: false,
    neverFail: false,
    exponentialBackoff: false,
    maxWaitMs: null,
    firstPokedAt: 0,
    pokes: 0,
    ...over,
  };
}

export function aBatch(attempts: readonly AttemptOrder[], over: Partial<AttemptBatch> = {}): AttemptBatch {
  return {
    head: aHead(),
    attempts,
    xcoms: [],
    xcomsLeftOut: [],
    mappedTasks: [],
    leaseMs: 30_000,
    heartbeatMs: 10_000,
    ...over,
  };
}

type Execute = (input: Readonly<Record<string, unknown>>, context: Context) => unknown;

/** A DAG whose tasks are plain functions, or whole handlers. */
export function aDag(
  tasks: Readonly<Record<string, Execute | TaskHandler>>,
  over: Partial<Omit<ExecutableDag, "spec">> & { readonly spec?: Partial<DagSpec> } = {},
): ExecutableDag {
  const handlers = new Map(
    Object.entries(tasks).map(([id, task]) => [
      id,
      typeof task === "function" ? { execute: task, callbacks: {} } : task,
    ]),
  );
  const { spec, ...rest } = over;
  return {
    handlers,
    mapFunctions: [],
    callbacks: {},
    ...rest,
    spec: aDagSpec({
      dagId: "etl",
      description: "Customers",
      tags: ["daily"],
      tasks: [...handlers.keys()].map((taskId) => aTaskSpec({ taskId })),
      ...spec,
    }),
  };
}

/** No secret is known, so nothing is sealed. */
export const unsealed = new SealedValues(memorySecrets(), new SecretMasker());
