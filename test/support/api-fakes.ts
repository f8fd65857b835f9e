/**
 * @module In-memory DAGs, runs and history for the API's tests. They keep state the way the objects do, without an engine: a test says what happened.
 */
import type { MetricFamily } from "../../src/cloudflare/metrics/metric-families.ts";
import type { DepStatus } from "../../src/model/dep-status.ts";
import { MemoryObjects, START } from "./runtime-fakes.ts";
import { AirflareError, errorInfo } from "../../src/model/error.ts";
import { aDagRunHead } from "./spec-builders.ts";
import { deleteRunObjects } from "../../src/cloudflare/run-objects.ts";
import { createApp } from "../../src/api/app.ts";
import { login } from "../../src/api/auth.ts";
import type { ApiPorts } from "../../src/api/ports.ts";
import type { BackfillAnswer, BackfillOrder } from "../../src/model/backfill.ts";
import type { ScheduleAnswer, ScheduleOrder } from "../../src/model/run-schedule.ts";
import { freshInstance } from "../../src/engine/dag-run/create.ts";
import { fakeBackfills, fakeSchedules } from "./fake-directories.ts";
import type { ConnectionEntry } from "../../src/cloudflare/connections.ts";
import type { KeyedStore } from "../../src/api/keyed-resource.ts";
import type { PoolEntry } from "../../src/cloudflare/pools.ts";
import type { VariableEntry } from "../../src/cloudflare/variables.ts";
import { matchesPattern } from "../../src/api/search-pattern.ts";
import { FakeHistory, dagRow } from "./fake-history.ts";
import type {
  AttemptBatch,
  CreateRunRequest,
  DagApi,
  DagRunApi,
  RunCommand,
  TaskInstanceView,
  XComEntry,
} from "../../src/model/protocol.ts";
import type { DagIndex } from "../../src/dag/dag-index.ts";
import type { DagRunHead } from "../../src/model/dag-run.ts";
import type { DagSpec } from "../../src/model/dag-spec.ts";
import type { TaskInstanceState } from "../../src/model/state.ts";
import type { TryRecord } from "../../src/model/task-instance.ts";

const NO_USAGE = { objectCalls: 3, queueMessages: 1, rowsWritten: 7, alarms: 0, r2Writes: 0 };

/** A run's object: `put` sets what its instances are. */
export class FakeDagRun {
  head: DagRunHead | null = null;
  spec: DagSpec | null = null;
  readonly views: TaskInstanceView[] = [];
  readonly xcoms: (XComEntry & { ord: number; writtenAt: number })[] = [];
  readonly tries: TryRecord[] = [];
  readonly commands: RunCommand[] = [];
  readonly logLines: string[] = [];
  deps: readonly DepStatus[] = [];
  handOff: AttemptBatch | null = null;
  waits = 0;

  /** Sets the state of an instance, making it when it is new. */
  put(taskId: string, state: TaskInstanceState, more: Partial<TaskInstanceView> = {}): TaskInstanceView {
    const mapIndex = more.mapIndex ?? -1;
    const at = this.views.findIndex((view) => view.taskId === taskId && view.mapIndex === mapIndex);
    const view = { ...(this.views[at] ?? newView(this.views.length, taskId)), state, ...more };
    if (at === -1) this.views.push(view);
    else this.views[at] = view;
    return view;
  }

  readonly api: DagRunApi = {
    create: async ({ head, specText }) => {
      const spec: DagSpec = (this.spec = JSON.parse(specText));
      this.head = head;
      for (const task of spec.tasks) this.put(task.taskId, "none");
      return { head, next: this.handOff };
    },
    command: async ({ command }) => {
      this.commands.push(command);
      if (this.head === null) throw new AirflareError("dag_run_not_found", "There is no such run.");
      const touched = this.#apply(command);
      return { head: this.head, touched };
    },
    readHead: async () => (this.head === null ? null : { ...this.head, usage: NO_USAGE }),
    readSpec: async () => this.spec,
    readTaskInstances: async ({ taskIds, mapIndexes, states, offset, limit }) => {
      const fitting = this.views.filter(
        (view) =>
          (taskIds === undefined || taskIds.includes(view.taskId)) &&
          (mapIndexes === undefined || mapIndexes.includes(view.mapIndex)) &&
          (states === undefined || states.includes(view.state)),
      );
      return { views: fitting.slice(offset, offset + limit), total: fitting.length };
    },
    readTries: async () => this.tries,
    readDeps: async () => this.deps,
    readLog: async (_task, _map, _try, offset, limit) => {
      const page = this.logLines.slice(offset, offset + limit);
      const next = offset + page.length < this.logLines.length ? offset + page.length : null;
      return { lines: page.map((line) => `${line}\n`).join(""), next };
    },
    wait: async () => {
      this.waits++;
      if (this.head !== null && this.waits > 1) this.head = { ...this.head, state: "success", endedAt: START + 9_000 };
      return this.head;
    },
    poke: async () => ({ owes: false }),
    destroy: async () => {
      this.head = null;
    },
    readXComs: async ({ taskIds, key, mapIndexes }) => ({
      entries: this.xcoms.filter(
        (entry) =>
          (taskIds.length === 0 || taskIds.includes(entry.taskId)) &&
          (key === null || key === entry.key) &&
          (mapIndexes === undefined || mapIndexes.includes(entry.mapIndex)),
      ),
      more: null,
    }),
    claim: unused,
    report: unused,
    heartbeat: unused,
    once: unused,
  };

  #apply(command: RunCommand): TaskInstanceView[] {
    switch (command.kind) {
      case "mark-run":
        if (this.head !== null) this.head = { ...this.head, state: command.state };
        return [];
      case "mark":
        return this.#selected(command.options.select).map((view) =>
          command.dryRun ? view : this.put(view.taskId, command.options.state, { mapIndex: view.mapIndex }),
        );
      case "clear":
        if (!command.dryRun && this.head !== null) this.head = { ...this.head, state: "queued" };
        return this.#selected(command.options.select).map((view) =>
          command.dryRun ? view : this.put(view.taskId, "none", { mapIndex: view.mapIndex }),
        );
      case "sync-spec": {
        const { tasks } = (this.spec = JSON.parse(command.specText) as DagSpec);
        for (const { taskId } of tasks)
          if (!this.views.some((view) => view.taskId === taskId)) this.put(taskId, "none");
        return [];
      }
      case "note":
        if (command.select === null && this.head !== null) this.head = { ...this.head, note: command.note };
        return command.select === null
          ? []
          : this.#selected([command.select]).map((view) =>
              this.put(view.taskId, view.state, { mapIndex: view.mapIndex, note: command.note }),
            );
      case "set-xcom": {
        const { taskId, mapIndex, key, value } = command;
        this.#dropXCom(taskId, mapIndex, key);
        this.xcoms.push({ taskId, mapIndex, key, value, ord: 0, writtenAt: START });
        return [];
      }
      case "delete-xcom":
        this.#dropXCom(command.taskId, command.mapIndex, command.key);
        return [];
      default:
        return [];
    }
  }

  #dropXCom(taskId: string, mapIndex: number, key: string): void {
    const at = this.xcoms.findIndex(
      (entry) => entry.taskId === taskId && entry.mapIndex === mapIndex && entry.key === key,
    );
    if (at !== -1) this.xcoms.splice(at, 1);
  }

  #selected(
    select: readonly { readonly taskId: string; readonly mapIndexes?: readonly number[] }[],
  ): TaskInstanceView[] {
    return this.views.filter((view) =>
      select.some(({ taskId, mapIndexes }) => taskId === view.taskId && (mapIndexes?.includes(view.mapIndex) ?? true)),
    );
  }
}

function newView(ord: number, taskId: string): TaskInstanceView {
  const { task: _, nonce: __, ...numbers } = freshInstance(ord, ord, -1, 0);
  return { ...numbers, seq: 1, taskId, note: null, error: null, renderedMapIndex: null };
}

function unused(): Promise<never> {
  return Promise.reject(new Error("the API never claims, reports or heartbeats"));
}

/** A DAG's object: unique run ids and logical dates, a spec that has to be brought, a switch. */
export class FakeDag {
  specHash: string | null = null;
  spec: DagSpec | null = null;
  paused = false;
  refuse: AirflareError | null = null;
  /** How often somebody waited for the mirror. */
  waits = 0;
  readonly requests: CreateRunRequest[] = [];
  readonly heads = new Map<string, DagRunHead>();

  /** Set by tests of these resources, to the host of a real DAG's object. */
  onBackfill: (order: BackfillOrder) => BackfillAnswer = () => ({ kind: "spec-needed", have: this.specHash });
  onSchedule: (order: ScheduleOrder) => ScheduleAnswer = () => ({ kind: "spec-needed", have: this.specHash });
  readonly api: DagApi = {
    syncSpec: async (spec, specHash) => {
      this.spec = spec;
      this.specHash = specHash;
      return { versionNumber: 1 };
    },
    createRun: async (request) => {
      this.requests.push(request);
      if (this.spec === null || this.specHash !== request.specHash) return { kind: "spec-needed", have: this.specHash };
      if (this.refuse !== null) return { kind: "refused", error: errorInfo(this.refuse) };
      const runId = request.runId ?? `manual__${START}`;
      const taken = [...this.heads.values()].some(
        (head) => head.runId === runId || (request.logicalDate !== null && head.logicalDate === request.logicalDate),
      );
      if (taken) return { kind: "refused", error: { code: "run_already_exists", message: "taken" } };
      const head = aDagRunHead({
        dagId: this.spec.dagId,
        runId,
        runType: request.runType,
        triggeredBy: request.triggeredBy,
        triggeringUser: request.triggeringUser,
        logicalDate: request.logicalDate,
        dataIntervalStart: request.dataInterval?.start ?? request.logicalDate,
        dataIntervalEnd: request.dataInterval?.end ?? request.logicalDate,
        conf: request.conf,
        note: request.note,
        specHash: request.specHash,
        state: "queued",
      });
      this.heads.set(runId, head);
      return { kind: "created", create: { head, specText: JSON.stringify(this.spec), longest: {}, start: true } };
    },
    readState: async () =>
      this.spec === null
        ? null
        : { paused: this.paused, specHash: this.specHash, nextRunAfter: null, activeRuns: this.heads.size },
    backfill: async (order) => this.onBackfill(order),
    schedule: async (order) => this.onSchedule(order),
    setPaused: async (paused) => {
      this.paused = paused;
    },
    listRuns: async ({ logicalDateGte = -Infinity, logicalDateLte = Infinity, limit }) =>
      [...this.heads.values()]
        .filter((head) => (head.logicalDate ?? 0) >= logicalDateGte && (head.logicalDate ?? 0) <= logicalDateLte)
        .slice(0, limit),
    deleteRun: async (runId) => this.heads.delete(runId),
    pushRunState: async () => ({ mirrored: true }),
    watch: async () => ({ passed: true, reason: "" }),
    observe: async () => ({ isDeployed: true, unknown: [], runs: [] }),
    tick: async () => ({ created: 0 }),
    retire: async () => {},
    mirrored: async () => {
      this.waits++;
    },
    sweep: async () => {},
  };
}

/** A deployment with one DAG or more, and clients of its API. */
export class FakeDeployment {
  readonly history = new FakeHistory();
  readonly objects = Object.assign(new MemoryObjects(), {
    deletePrefix: async (prefix: string): Promise<void> => {
      for (const key of this.objects.stored.keys()) if (key.startsWith(prefix)) this.objects.stored.delete(key);
    },
  });
  metrics: readonly MetricFamily[] | null = null;
  readonly pools = keyedStore<PoolEntry>((entry) => entry.name);
  readonly variables = keyedStore<VariableEntry>((entry) => entry.key);
  readonly tried: ConnectionEntry[] = [];
  readonly connections = keyedStore<ConnectionEntry>((entry) => entry.id);
  readonly backfills = fakeBackfills();
  readonly schedules = fakeSchedules();
  readonly driven: AttemptBatch[] = [];
  readonly rebuilt: (string | null)[] = [];
  secrets: ApiPorts["secrets"] = { adminPassword: "correct horse", secretKey: "a key of the deployment" };
  now = START;
  index: DagIndex = { bundleHash: "b1", dags: {}, files: {}, importErrors: [], sources: {} };
  readonly #dags = new Map<string, FakeDag>();
  readonly #runs = new Map<string, FakeDagRun>();
  readonly #specs = new Map<string, DagSpec>();
  readonly app: ReturnType<typeof createApp>;

  constructor(specs: readonly DagSpec[], importErrors: DagIndex["importErrors"] = []) {
    for (const spec of specs) this.#deploy(spec);
    this.index = { ...this.index, importErrors };
    this.app = createApp({ index: this.index, ports: () => this.ports() });
  }

  #deploy(spec: DagSpec): void {
    const specHash = `hash-of-${spec.dagId}`;
    this.#specs.set(spec.dagId, spec);
    this.index = {
      ...this.index,
      dags: { ...this.index.dags, [spec.dagId]: { file: spec.relativeFileloc, specHash } },
      sources: { ...this.index.sources, [spec.relativeFileloc]: `// ${spec.dagId}` },
    };
    this.history.versions.push({
      dagId: spec.dagId,
      versionNumber: 1,
      specHash,
      bundleVersion: "b1",
      createdAt: START,
    });
    this.history.dags.set(spec.dagId, dagRow(spec, specHash));
  }

  /** Sends a request as `admin`; `token: null` sends none. Strings are sent as they are, other bodies as JSON. */
  async request(
    method: string,
    path: string,
    body?: unknown,
    options: { token?: string | null; headers?: Record<string, string> } = {},
  ): Promise<Response> {
    const token = options.token === undefined ? await this.token() : options.token;
    return await this.app.request(path, {
      method,
      headers: {
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...options.headers,
      },
      ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
  }

  async token(): Promise<string> {
    return await login(
      { adminPassword: "correct horse", secretKey: "a key of the deployment" },
      "admin",
      "correct horse",
      Date.now(),
    );
  }

  dag(dagId: string): FakeDag {
    return getOrMake(this.#dags, dagId, () => new FakeDag());
  }
  run(dagId: string, runId: string): FakeDagRun {
    return getOrMake(this.#runs, `${dagId}/${runId}`, () => new FakeDagRun());
  }
  ports(): ApiPorts {
    return {
      now: () => this.now,
      randomId: () => crypto.randomUUID(),
      history: this.history,
      objects: this.objects,
      variables: this.variables,
      pools: this.pools,
      metrics: async () => this.metrics,
      connections: this.connections,
      tryConnection: async (entry) => (this.tried.push(entry), { status: true, message: "tried" }),
      backfills: this.backfills,
      schedules: this.schedules,
      secrets: this.secrets,
      dag: (dagId) => this.dag(dagId).api,
      run: (dagId, runId) => this.run(dagId, runId).api,
      loadSpec: async (dagId) => this.#specs.get(dagId) ?? Promise.reject(new AirflareError("dag_not_found", dagId)),
      storedSpec: async (hash) => [...this.#specs.values()].find((spec) => `hash-of-${spec.dagId}` === hash) ?? null,
      syncDeploy: async () => {
        if (this.history.fail !== null) throw this.history.fail;
      },
      inferInterval: async (dagId, at) => (dagId === "workdays" ? { start: at - 1_000, end: at } : null),
      rebuildHistory: async ({ cursor }) => {
        this.rebuilt.push(cursor);
        const counts = { dags: 1, dagsRestored: 0, runs: 10, runsRestored: 4, runsRemoved: 1 };
        return { ...counts, cursor: cursor === null ? '["etl","r9"]' : null };
      },
      deleteObjects: (run) => deleteRunObjects(this.objects, run),
      offer: (now) => ({ driver: "http", room: 10, deadlineAt: now + 20_000 }),
      drive: (batch) => void this.driven.push(batch),
    };
  }
}

function getOrMake<Value>(map: Map<string, Value>, key: string, make: () => Value): Value {
  const kept = map.get(key);
  if (kept !== undefined) return kept;
  const made = make();
  map.set(key, made);
  return made;
}

/** Variables, connections or pools as a map, in order of their keys. */
function keyedStore<Entry>(
  keyOf: (entry: Entry) => string,
): KeyedStore<Entry> & { readonly stored: Map<string, Entry> } {
  const stored = new Map<string, Entry>();
  return {
    stored,
    get: async (key) => stored.get(key) ?? null,
    set: async (entry) => void stored.set(keyOf(entry), entry),
    delete: async (key) => stored.delete(key),
    list: async (pattern, { offset, limit }, prefix = "") => {
      const rows = [...stored.values()].filter(
        (entry) => keyOf(entry).startsWith(prefix) && (pattern === undefined || matchesPattern(keyOf(entry), pattern)),
      );
      return { rows: rows.slice(offset, offset + limit), total: rows.length };
    },
  };
}
