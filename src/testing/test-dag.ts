/**
 * @module `testDag`: a whole DAG run in this process (Airflow's `dag.test()`): the real engine and the real runtime, with storage in memory.
 *
 * Waits (retries, pokes, deferrals) pass in no time: when nothing runs, the clock jumps to the next thing that is due.
 */
import { runParams } from "../dag/run-params.ts";
import { projectConfig } from "../dag/config.ts";
import type { Dag } from "../dag/dag.ts";
import type { ExecutableDag } from "../dag/executable-dag.ts";
import { isoTimestamp } from "../lib/time-zone.ts";
import type { Command } from "../model/command.ts";
import type { DagRunHead } from "../model/dag-run.ts";
import { AirflareError } from "../model/error.ts";
import type { AttemptToken } from "../model/ids.ts";
import type { ErrorInfo } from "../model/outcome.ts";
import type { TaskInstanceView } from "../model/protocol.ts";
import type { DagRunState, TaskInstanceState } from "../model/state.ts";
import { mailBehind, type Notice } from "../model/notice.ts";
import { RETURN_KEY } from "../model/xcom.ts";
import { InvocationBudget } from "../runtime/budgets.ts";
import { driveBatch } from "../runtime/driver.ts";
import type { Connection, Metric, RuntimePorts } from "../runtime/ports.ts";
import { runNotice } from "../runtime/run-notice.ts";
import { SealedValues } from "../runtime/sealed-values.ts";
import { SecretMasker } from "../runtime/secret-masker.ts";
import { StoredXComs } from "../runtime/stored-xcom.ts";
import { XComReader } from "../runtime/xcoms.ts";
import { InProcessRun } from "./in-process-run.ts";
import { JumpingClock, memoryConnections, memoryObjects, memorySecrets, memoryVariables } from "./memory-ports.ts";
import { mockedDag, type Mocks } from "./mocked-dag.ts";

/** Attempts side by side. */
const ROOM = 32;

export interface TestDagOptions<P = Readonly<Record<string, unknown>>> {
  /** Values of declared params; the others take their defaults. */
  readonly params?: Partial<P>;
  /** The trigger's conf: undeclared keys too. */
  readonly conf?: Readonly<Record<string, unknown>>;
  /** Default: now. */
  readonly logicalDate?: Date;
  /** Default: `logicalDate` twice. */
  readonly dataInterval?: { readonly start: Date; readonly end: Date };
  /** Result by task id, or a function in place of the task's own; a key with the value `undefined` counts as mocked. */
  readonly mock?: Mocks;
  readonly variables?: Readonly<Record<string, unknown>>;
  readonly connections?: Readonly<Record<string, Partial<Connection>>>;
  /** `ctx.env`. It is a local start's: any host may be called, unless `AIRFLARE_LOCAL` says otherwise. */
  readonly env?: object;
}

export interface TestTaskInstance {
  readonly taskId: string;
  /** -1 when the task is not mapped. */
  readonly mapIndex: number;
  readonly state: TaskInstanceState;
  /** The returned value; undefined when there is none. */
  readonly result: unknown;
  readonly tryNumber: number;
  readonly error: ErrorInfo | null;
}

export interface TestLogLine {
  readonly timestamp: string;
  readonly level: string;
  readonly message: string;
  readonly taskId: string | null;
  readonly mapIndex: number;
  readonly tryNumber: number;
}

/** A mail about a failed try, or about missed SLAs. */
export interface TestMail {
  readonly about: "failure" | "retry" | "sla";
  readonly taskId: string | null;
  readonly mapIndex: number;
  readonly to: readonly string[];
}

export interface TestDagRun {
  readonly runId: string;
  readonly state: DagRunState;
  /**
   * By task id; an instance of a mapped task also as `id[index]`. The entry of a mapped task itself has the list of results, and the worst state.
   */
  readonly tasks: Readonly<Record<string, TestTaskInstance>>;
  readonly taskInstances: readonly TestTaskInstance[];
  /** Lines of tasks and callbacks, in order. */
  readonly log: readonly TestLogLine[];
  readonly metrics: readonly Metric[];
  /** Mails that a deployment would have sent about failed tries (`email`). */
  readonly mails: readonly TestMail[];
}

/**
 * Runs a DAG here and now. Fails only for bad params or mocks; a failed task is part of the answer.
 * @example
 * const run = await testDag(branching, { mock: { extract: { rowCount: 0 } } });
 * expect(run.tasks["process_data"]?.state).toBe("skipped");
 */
export async function testDag<P>(dag: Dag<P>, options: TestDagOptions<NoInfer<P>> = {}): Promise<TestDagRun> {
  return new TestRun(mockedDag(dag.executable, options.mock ?? {}), dag.specHash, options).go();
}

class TestRun {
  readonly #dag: ExecutableDag;
  readonly #clock: JumpingClock;
  readonly #run: InProcessRun;
  readonly #ports: RuntimePorts;
  readonly #log: TestLogLine[] = [];
  readonly #metrics: Metric[] = [];
  readonly #mails: TestMail[] = [];
  readonly #drivers = new Set<Promise<void>>();
  /** One after the other: their order is the order of what happened. */
  #callbacks: Promise<void> = Promise.resolve();
  #ids = 0;

  constructor(dag: ExecutableDag, specHash: string, options: TestDagOptions<unknown>) {
    this.#dag = dag;
    const head = headOf(dag, specHash, options);
    this.#clock = new JumpingClock(head.queuedAt);
    this.#run = new InProcessRun(head, dag.spec, {
      now: this.#clock.now,
      dispatch: (tokens) => this.#dispatch(tokens),
      command: (command) => this.#command(command),
      log: (view, text) => this.#logged(view, text),
    });
    this.#ports = {
      run: this.#run,
      dags: {
        trigger: ({ dagId }) => {
          throw new AirflareError(
            "dag_not_found",
            `testDag runs one DAG: mock the task that triggers DAG ${dagId} (mock: { <task id>: undefined }).`,
          );
        },
        observe: ({ wait }) => {
          throw new AirflareError(
            "dag_not_found",
            `testDag runs one DAG: mock the task that waits for DAG ${wait.dagId} (mock: { <task id>: undefined }).`,
          );
        },
      },
      objects: memoryObjects(),
      secrets: memorySecrets(),
      assets: { latest: async () => [], triggering: async () => [] },
      variables: memoryVariables(options.variables ?? {}),
      connections: memoryConnections(options.connections ?? {}),
      variableDefaults: projectConfig().variables ?? {},
      metrics: (metrics) => this.#metrics.push(...metrics),
      now: this.#clock.now,
      sleep: this.#clock.sleep,
      randomId: () => `call-${++this.#ids}`,
      env: { AIRFLARE_LOCAL: "1", ...options.env },
    };
  }

  async go(): Promise<TestDagRun> {
    this.#run.handle({ kind: "run-started" });
    for (;;) {
      // Answers that were put off to the end of the event come first.
      await Promise.resolve();
      if (this.#drivers.size > 0) {
        await Promise.race(this.#drivers);
        continue;
      }
      if (this.#run.finished || this.#run.nextWakeAt === null) break;
      this.#clock.jumpTo(this.#run.nextWakeAt);
      this.#run.handle({ kind: "timer-due" });
    }
    await this.#callbacks;
    return this.#result();
  }

  #dispatch(tokens: readonly AttemptToken[]): void {
    const driving = this.#drive(tokens).finally(() => this.#drivers.delete(driving));
    this.#drivers.add(driving);
    // The loop sees the rejection of one; those of others would be nobody's.
    driving.catch(() => undefined);
  }

  async #drive(tokens: readonly AttemptToken[]): Promise<void> {
    const { incarnation } = this.#run.run.head;
    // The event that dispatched these is still being handled.
    await Promise.resolve();
    const { batch } = await this.#run.claim({ callId: this.#ports.randomId(), incarnation, tokens });
    if (batch === null) return;
    await driveBatch(batch, this.#dag, this.#ports, {
      driver: "queue",
      deadlineAt: Number.MAX_SAFE_INTEGER,
      room: ROOM,
      budget: new InvocationBudget("paid"),
      handOff: false,
    });
  }

  #command(command: Command): void {
    if (command.kind === "watch") {
      // There is no earlier run: what waits for the past passes, as in a DAG's first run.
      const answer = {
        kind: "watched-state",
        watchId: command.watchId,
        passed: true,
        reason: "no earlier run",
      } as const;
      queueMicrotask(() => this.#run.handle(answer));
      return;
    }
    // Nobody is scheduled by what a test updates.
    if (command.kind === "run-state" || command.kind === "asset-event") return;
    this.#carryOut(command);
  }

  /** Authors' callbacks run; mails and other messages are only noted, for a test is to tell nobody. */
  #carryOut(notice: Notice): void {
    const instance = "ord" in notice ? this.#run.run.instances[notice.ord] : undefined;
    const view = instance === undefined ? null : this.#run.viewOf(instance);
    if (notice.kind === "task-mail" || notice.kind === "sla-mail") {
      const about = notice.kind === "task-mail" ? notice : { about: "sla" as const, taskId: null, mapIndex: -1 };
      this.#mails.push({ about: about.about, taskId: about.taskId, mapIndex: about.mapIndex, to: notice.to });
      return;
    }
    const { head } = this.#run.run;
    this.#callbacks = this.#callbacks.then(async () => {
      const { lines } = await runNotice(notice, { ...head }, view, this.#dag, this.#ports);
      this.#logged(view, lines);
      const mail = mailBehind(notice);
      if (mail !== undefined) this.#carryOut(mail);
    });
  }

  #logged(view: TaskInstanceView | null, text: string): void {
    for (const line of text.split("\n")) {
      if (line === "") continue;
      const { timestamp, level, event } = JSON.parse(line) as Readonly<Record<string, unknown>>;
      this.#log.push({
        timestamp: String(timestamp),
        level: String(level),
        message: String(event),
        taskId: view?.taskId ?? null,
        mapIndex: view?.mapIndex ?? -1,
        tryNumber: view?.tryNumber ?? 0,
      });
    }
  }

  async #result(): Promise<TestDagRun> {
    const { run } = this.#run;
    const xcoms = new XComReader(
      this.#run,
      new StoredXComs(this.#ports.objects, new SealedValues(this.#ports.secrets, new SecretMasker())),
      {
        xcoms: [],
        xcomsLeftOut: [],
        mappedTasks: [],
      },
    );
    const taskInstances = await Promise.all(
      run.instances.map(async (instance): Promise<TestTaskInstance> => {
        const { taskId, mapIndex, state, tryNumber, error } = this.#run.viewOf(instance);
        const value = this.#run.xcomOf(instance.ord, RETURN_KEY);
        const result = value === undefined ? undefined : await xcoms.load(value);
        return { taskId, mapIndex, state, result, tryNumber, error };
      }),
    );
    const { runId, state } = run.head;
    return {
      runId,
      state,
      tasks: byTaskId(taskInstances),
      taskInstances,
      log: this.#log,
      metrics: this.#metrics,
      mails: this.#mails,
    };
  }
}

const WORST_FIRST: readonly TaskInstanceState[] = [
  "failed",
  "upstream_failed",
  "none",
  "skipped",
  "removed",
  "success",
];

function byTaskId(instances: readonly TestTaskInstance[]): Record<string, TestTaskInstance> {
  const tasks: Record<string, TestTaskInstance> = {};
  for (const [taskId, own] of Map.groupBy(instances, (instance) => instance.taskId)) {
    const [first] = own;
    if (first === undefined) continue;
    const mapped = own.filter(({ mapIndex }) => mapIndex >= 0).toSorted((a, b) => a.mapIndex - b.mapIndex);
    if (mapped.length === 0) {
      tasks[taskId] = first;
      continue;
    }
    const worst =
      WORST_FIRST.map((state) => mapped.find((one) => one.state === state)).find((one) => one !== undefined) ?? first;
    tasks[taskId] = {
      ...worst,
      mapIndex: -1,
      result: mapped.filter(({ state }) => state === "success").map(({ result }) => result),
    };
    for (const one of mapped) tasks[`${taskId}[${one.mapIndex}]`] = one;
  }
  return tasks;
}

function headOf({ spec }: ExecutableDag, specHash: string, options: TestDagOptions<unknown>): DagRunHead {
  const logicalDate = (options.logicalDate ?? new Date()).getTime();
  const conf = { ...options.conf, ...options.params };
  return {
    dagId: spec.dagId,
    runId: `manual__${isoTimestamp(logicalDate)}`,
    incarnation: "test",
    runType: "manual",
    triggeredBy: "test",
    triggeringUser: null,
    logicalDate,
    dataIntervalStart: options.dataInterval?.start.getTime() ?? logicalDate,
    dataIntervalEnd: options.dataInterval?.end.getTime() ?? logicalDate,
    runAfter: logicalDate,
    conf,
    params: runParams(spec, conf),
    backfillId: null,
    specHash,
    note: null,
    state: "queued",
    endReason: null,
    queuedAt: Date.now(),
    startedAt: null,
    endedAt: null,
    generation: 0,
    seq: 0,
    lastNow: 0,
  };
}
