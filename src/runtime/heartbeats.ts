/**
 * @module One heartbeat call per run and invocation at each interval: extends the leases of what runs or waits here, carries log lines, and learns what to stop.
 */
import type { DagRunHead } from "../model/dag-run.ts";
import type { AttemptToken } from "../model/ids.ts";
import type { RuntimePorts } from "./ports.ts";
import { messageOf } from "./signal.ts";
import type { TaskLog } from "./task-log.ts";

/** UTF-16 units of log that one call carries; more follows with the next or with the report. */
const LOGS_LENGTH_MAX = 4 * 1024 * 1024;

/** What the driver tells about its attempts. */
export interface Beating {
  readonly tokens: () => readonly AttemptToken[];
  readonly logOf: (token: AttemptToken) => TaskLog | undefined;
  readonly stop: (token: AttemptToken) => void;
}

/** Given as the reason, so that none is made with a stack of its own. */
const CLOSED = new Error("Nothing runs any more.");

export class Heartbeats {
  readonly head: DagRunHead;
  readonly #ports: Pick<RuntimePorts, "run" | "sleep">;
  readonly #everyMs: number;
  readonly #beating: Beating;
  readonly #closed = new AbortController();

  constructor(head: DagRunHead, ports: Pick<RuntimePorts, "run" | "sleep">, everyMs: number, beating: Beating) {
    this.head = head;
    this.#ports = ports;
    this.#everyMs = everyMs;
    this.#beating = beating;
  }

  /** Beats until {@link close}. Never throws: a lost heartbeat is made good by the next one, or the lease ends. */
  async run(): Promise<void> {
    const { signal } = this.#closed;
    while (!signal.aborted) {
      // A sleep that is aborted may end either way.
      await this.#ports.sleep(this.#everyMs, signal).catch(() => undefined);
      const tokens = signal.aborted ? [] : this.#beating.tokens();
      if (tokens.length > 0) await this.#beat(tokens);
    }
  }

  close(): void {
    this.#closed.abort(CLOSED);
  }

  async #beat(tokens: readonly AttemptToken[]): Promise<void> {
    const logs = this.#drainLogs(tokens);
    try {
      const answer = await this.#ports.run.heartbeat({ incarnation: this.head.incarnation, tokens, logs });
      for (const token of answer.stop) this.#beating.stop(token);
    } catch (error) {
      for (const [token, text] of Object.entries(logs)) this.#beating.logOf(token)?.restore(text);
      console.warn(`Heartbeat of run ${this.head.dagId}/${this.head.runId} failed: ${messageOf(error)}`);
    }
  }

  #drainLogs(tokens: readonly AttemptToken[]): Record<AttemptToken, string> {
    const logs: Record<AttemptToken, string> = {};
    let room = LOGS_LENGTH_MAX;
    for (const token of tokens) {
      if (room <= 0) break;
      const text = this.#beating.logOf(token)?.drain(room) ?? "";
      if (text === "") continue;
      logs[token] = text;
      room -= text.length;
    }
    return logs;
  }
}
