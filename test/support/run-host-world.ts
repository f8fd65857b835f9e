/**
 * @module A run's host in Node: the real engine and the real SQL on `node:sqlite`, with a clock, an alarm, queues and a DAG object that the test holds in its hands.
 */
import { withTables } from "../../src/cloudflare/dag-run/tables.ts";
import type { DagApi, RunStatePush } from "../../src/model/protocol.ts";
import type { AttemptToken } from "../../src/model/ids.ts";
import type { DagSpec } from "../../src/model/dag-spec.ts";
import type { Env } from "../../src/cloudflare/env.ts";
import type { MessageQueue } from "../../src/cloudflare/env.ts";
import { RunHost } from "../../src/cloudflare/dag-run/host.ts";
import type { Sql } from "../../src/cloudflare/dag-run/sql.ts";
import type { TaskMessage } from "../../src/model/task-message.ts";
import { aDagRunHead } from "./spec-builders.ts";
import { createRun } from "../../src/cloudflare/dag-run/attempt-calls.ts";
import { nodeSql } from "./node-sql.ts";

export class RunHostWorld {
  now = 1_800_000_000_000;
  readonly sql: Sql = withTables(nodeSql());
  /** Times the alarm was set to, in order. */
  readonly alarms: number[] = [];
  readonly sent: { readonly queue: string; readonly message: TaskMessage }[] = [];
  readonly pushes: RunStatePush[] = [];
  readonly watches: string[] = [];
  /** What outside parts do when called: throw to let them fail. */
  onSend: () => void = () => {};
  onPush: () => boolean = () => true;
  onWatch: () => { passed: boolean; reason: string } = () => ({ passed: true, reason: "" });
  readonly #vars: Partial<Env>;
  #pending: Promise<unknown>[] = [];
  #seed = 1;
  host: RunHost;

  constructor(vars: Partial<Env> = {}) {
    this.#vars = vars;
    this.host = this.#start();
  }

  /** A new instance over the same rows: everything in memory is gone. */
  restart(): void {
    this.host = this.#start();
  }

  /** Lets work behind the answers come to its end. */
  async quiet(): Promise<void> {
    while (this.#pending.length > 0) await Promise.all(this.#pending.splice(0));
  }

  create(
    spec: DagSpec,
    options: { incarnation?: string; start?: boolean; longest?: Record<string, number> } = {},
  ): void {
    const head = aDagRunHead({
      dagId: spec.dagId,
      incarnation: options.incarnation ?? "inc",
      lastNow: this.now,
      queuedAt: this.now,
    });
    createRun(this.host, {
      head,
      specText: JSON.stringify(spec),
      longest: options.longest ?? {},
      start: options.start ?? true,
      offer: null,
    });
  }

  /** Tokens of all attempt messages sent so far. */
  tokens(): AttemptToken[] {
    return this.sent.flatMap(({ message }) => (message.kind === "attempts" ? message.tokens : []));
  }

  #start(): RunHost {
    return new RunHost({
      sql: this.sql,
      env: this.#env(),
      clock: () => this.now,
      random: () => this.#seed++,
      setAlarm: (at) => this.alarms.push(at),
      deleteAll: async () => {
        for (const { name } of this.sql.exec("SELECT name FROM sqlite_master WHERE type = 'table'"))
          this.sql.exec(`DROP TABLE ${name}`);
      },
      pause: async () => undefined,
      waitUntil: (work) => this.#pending.push(work),
    });
  }

  #env(): Env {
    const queue = (name: string): MessageQueue => ({
      sendBatch: async (messages) => {
        this.onSend();
        for (const { body } of messages) this.sent.push({ queue: name, message: body });
      },
    });
    const dag: Pick<DagApi, "pushRunState" | "watch"> = {
      pushRunState: async (push) => {
        const mirrored = this.onPush();
        this.pushes.push(structuredClone(push));
        return { mirrored };
      },
      watch: async ({ watchId }) => {
        this.watches.push(watchId);
        return this.onWatch();
      },
    };
    const env = {
      TASK_QUEUE: queue("tasks"),
      ISOLATE_QUEUE: queue("isolate"),
      TASK_QUEUE_HEAVY: queue("heavy"),
      DAG: { getByName: () => dag },
      ...this.#vars,
    };
    return env as unknown as Env;
  }
}
