/**
 * @module A DAG's host in Node: the real SQL on `node:sqlite`, with a clock, an alarm, a history and run objects that the test holds in its hands.
 */
import type { MirrorRows } from "../../src/cloudflare/history/mirror-rows.ts";
import { NO_ROWS } from "../../src/cloudflare/history/mirror-rows.ts";
import { DagHost } from "../../src/cloudflare/dag/host.ts";
import type { AssetSubscription } from "../../src/model/asset.ts";
import type { DagRunHead } from "../../src/model/dag-run.ts";
import type { TimetableOrder } from "../../src/model/custom-timetable.ts";
import type { DagSpec } from "../../src/model/dag-spec.ts";
import type { CreateDagRunRequest, CreateRunRequest, DagRunApi, RunCommand } from "../../src/model/protocol.ts";
import type { DagRunState, TaskInstanceState } from "../../src/model/state.ts";
import { nodeSql } from "./node-sql.ts";

/** What the world's deployment says. */
export const RETENTION_MS = 90 * 86_400_000;

/** What a run's object was asked for, and what it answers. */
export interface WorldRun {
  head: DagRunHead | null;
  readonly created: Omit<CreateDagRunRequest, "offer">[];
  readonly commands: RunCommand[];
  states: Record<string, TaskInstanceState>;
  destroyed: boolean;
  failDestroy: boolean;
  /** What it says to a push and a poke: it has more to tell. */
  owes: boolean;
  pokes: number;
}

export class DagHostWorld {
  now = Date.parse("2026-01-10T10:00:00Z");
  readonly sql = nodeSql();
  readonly alarms: number[] = [];
  readonly mirrored: MirrorRows[] = [];
  readonly errors: string[] = [];
  readonly timetableOrders: TimetableOrder[] = [];
  /** What the objects of assets were told. */
  readonly subscriptions: (AssetSubscription & { readonly uri: string })[] = [];
  readonly runs = new Map<string, WorldRun>();
  /** Throws while a run's object or D1 does not answer. */
  onCall: () => void = () => {};
  /** How long a run's object takes to be created. */
  onCreate: () => Promise<void> = async () => undefined;
  onGather: () => Promise<void> = async () => undefined;
  onMirror: () => void | Promise<void> = () => {};
  readonly spec: DagSpec;
  readonly #ownSchedule: boolean;
  #later: Promise<unknown>[] = [];
  #ids = 0;
  host: DagHost;

  constructor(spec: DagSpec, ownSchedule = true) {
    this.spec = spec;
    this.#ownSchedule = ownSchedule;
    this.host = this.#start();
    this.host.syncSpec(spec, "hash-1");
  }

  /** A new instance over the same rows: everything in memory is gone. */
  restart(): void {
    this.host = this.#start();
  }

  /** Lets work behind the answers come to its end. */
  async quiet(): Promise<void> {
    while (this.#later.length > 0) await Promise.all(this.#later.splice(0));
  }

  request(over: Partial<CreateRunRequest> = {}): CreateRunRequest {
    return {
      callId: `call-${++this.#ids}`,
      specHash: "hash-1",
      runId: null,
      runType: "manual",
      triggeredBy: "rest_api",
      triggeringUser: null,
      logicalDate: null,
      dataInterval: null,
      runAfter: null,
      conf: {},
      note: null,
      backfillId: null,
      returnExisting: false,
      ...over,
    };
  }

  /** As the API does it: creates, and hands the answer to the run's object. */
  async trigger(over: Partial<CreateRunRequest> = {}): Promise<{ readonly runId: string; readonly start: boolean }> {
    const answer = await this.host.createRun(this.request(over));
    if (answer.kind !== "created") throw new Error(answer.kind === "refused" ? answer.error.message : answer.kind);
    const { head, start } = answer.create;
    await this.#api(head.runId).create({ ...answer.create, offer: null });
    return { runId: head.runId, start };
  }

  /** The run's object pushes its state. */
  async push(
    runId: string,
    state: DagRunState,
    durations: Record<string, number> = {},
    states: Readonly<Record<string, string>> = {},
  ): Promise<boolean> {
    const run = this.#run(runId);
    if (run.head === null) throw new Error(`run ${runId} was never created`);
    run.head = {
      ...run.head,
      state,
      seq: run.head.seq + 1,
      startedAt: this.now,
      endedAt: state === "running" ? null : this.now,
    };
    const push = {
      callId: `push-${run.head.seq}`,
      head: run.head,
      endReason: null,
      since: 0,
      more: false,
      owes: run.owes,
      // Of an instance only its task and state matter to the DAG.
      instances: Object.entries(states).map(([taskId, taskState]) => ({ taskId, state: taskState })) as never,
      tries: [],
      durations,
    };
    const { mirrored } = await this.host.pushRunState(push);
    await this.quiet();
    return mirrored;
  }

  /** Run ids the schedule made, in order of creation. */
  scheduled(): string[] {
    return [...this.runs.keys()].filter((runId) => runId.startsWith("scheduled__"));
  }

  run(runId: string): WorldRun {
    return this.#run(runId);
  }

  #start(): DagHost {
    return new DagHost({
      sql: this.sql,
      clock: () => this.now,
      randomId: () => `${String(++this.#ids).padStart(8, "0")}-0000-0000`,
      run: (runId) => this.#api(runId),
      asset: (uri) => ({
        subscribe: async (_, subscription) => {
          this.onCall();
          this.subscriptions.push({ uri, ...subscription });
        },
      }),
      mirror: async (rows) => {
        await this.onMirror();
        this.mirrored.push({ ...NO_ROWS, ...rows });
      },
      gather: () => this.onGather(),
      setAlarm: (at) => this.alarms.push(at),
      later: (work) => this.#later.push(work),
      askTimetable: async (order) => void this.timetableOrders.push(order),
      retentionMs: RETENTION_MS,
      ownSchedule: this.#ownSchedule,
      onError: (what) => this.errors.push(what),
    });
  }

  #run(runId: string): WorldRun {
    const known = this.runs.get(runId);
    if (known !== undefined) return known;
    const run: WorldRun = {
      head: null,
      created: [],
      commands: [],
      states: {},
      destroyed: false,
      failDestroy: false,
      owes: false,
      pokes: 0,
    };
    this.runs.set(runId, run);
    return run;
  }

  #api(runId: string): DagRunApi {
    const run = this.#run(runId);
    const api: Partial<DagRunApi> = {
      create: async (create) => {
        this.onCall();
        await this.onCreate();
        run.created.push(create);
        run.head ??= { ...create.head, state: create.start ? "running" : "queued" };
        return { head: run.head, next: null };
      },
      command: async ({ command }) => {
        this.onCall();
        run.commands.push(command);
        if (command.kind === "start" && run.head !== null) run.head.state = "running";
        if (command.kind === "reprocess" && run.head !== null)
          run.head = { ...run.head, backfillId: command.backfillId, state: "running" };
        return { head: run.head ?? run.created[0]!.head, touched: [] };
      },
      readHead: async () => {
        this.onCall();
        const usage = { objectCalls: 0, queueMessages: 0, rowsWritten: 0, alarms: 0, r2Writes: 0 };
        return run.head === null ? null : { ...run.head, usage };
      },
      readTaskInstances: async ({ taskIds }) => {
        const views = Object.entries(run.states)
          .filter(([taskId]) => taskIds?.includes(taskId) === true)
          .map(([taskId, state]) => ({ taskId, state }));
        return { views: views as never, total: views.length };
      },
      poke: async () => {
        this.onCall();
        run.pokes++;
        return { owes: run.owes };
      },
      destroy: async () => {
        if (run.failDestroy) throw new Error("object reset");
        run.destroyed = true;
      },
    };
    return api as DagRunApi;
  }
}
