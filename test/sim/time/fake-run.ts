/**
 * @module A run's object reduced to what the DAG's object sees of it: it exists, starts, lasts a drawn time, ends, and pushes until that is taken.
 */
import type { DagRunHead } from "../../../src/model/dag-run.ts";
import { AirflareError } from "../../../src/model/error.ts";
import type { CreateDagRunRequest, DagRunApi, RunCommand, RunStatePush } from "../../../src/model/protocol.ts";
import { FINISHED_RUN_STATES } from "../../../src/model/state.ts";

const PUSH_AGAIN_MS = 2_000;
const PUSH_AGAIN_MAX_MS = 60_000;
/** A longer run tells that it has started. */
const FIRST_PUSH_MS = 10_000;

/** What a run needs of its world. */
export interface RunSurroundings {
  plan(delayMs: number, run: () => void): void;
  now(): number;
  /** How long the run lasts, and whether it succeeds. */
  draw(head: DagRunHead): { readonly ms: number; readonly succeeds: boolean };
  push(push: RunStatePush): Promise<{ readonly mirrored: boolean }>;
  /** The object's alarm is lost: what it owes waits for a call. */
  isAlarmLost(): boolean;
  onStart(run: FakeRun): void;
  onEnd(run: FakeRun): void;
}

/**
 * Somebody died with the push in its hands: until an answer comes the run's object alone knows, and a lost alarm would be one loss too many. What both
 * together lose the daily upkeep of the history finds.
 */
export class PushCutShort extends Error {
  override readonly name = "PushCutShort";
}

export class FakeRun {
  readonly #around: RunSurroundings;
  head: DagRunHead | null = null;
  /** Starts of this life. */
  starts = 0;
  #pushedSeq = 0;
  #failures = 0;
  #isPushing = false;
  #isPlanned = false;
  /** A push was cut short, and none was answered since. */
  #isAlone = false;

  constructor(around: RunSurroundings) {
    this.#around = around;
  }

  /** The methods that the DAG's object and the API call. */
  api(): Partial<DagRunApi> {
    return {
      create: async (request) => this.#create(request),
      command: async ({ command }) => this.#command(command),
      readHead: async () => (this.head === null ? null : { ...this.head, usage: NO_USAGE }),
      readTaskInstances: async () => ({ views: [], total: 0 }),
      poke: async () => this.#poke(),
      destroy: async (incarnation) => {
        if (this.head?.incarnation === incarnation) this.head = null;
      },
    };
  }

  get isRunning(): boolean {
    return this.head?.state === "running";
  }

  /** The history lacks what it became. */
  get owes(): boolean {
    return this.head !== null && this.head.seq > this.#pushedSeq;
  }

  #create({ head, start }: CreateDagRunRequest): { readonly head: DagRunHead; readonly next: null } {
    if (this.head !== null && this.head.incarnation !== head.incarnation)
      throw new AirflareError("run_already_exists", `another life of ${head.runId} is there`);
    if (this.head === null) {
      this.head = { ...head, seq: 1 };
      this.starts = 0;
      this.#pushedSeq = 0;
      if (start) this.#start();
    }
    return { head: { ...this.head }, next: null };
  }

  #command(command: RunCommand): { readonly head: DagRunHead; readonly touched: [] } {
    const { head } = this;
    if (head === null) throw new AirflareError("dag_run_not_found", "There is no such run (any more).");
    if (command.kind === "start" && head.state === "queued") this.#start();
    if (command.kind === "cancel" && !FINISHED_RUN_STATES.has(head.state)) this.#end(head, "failed");
    if (command.kind === "reprocess" && head.backfillId !== command.backfillId) this.#reprocess(head, command);
    return { head: { ...(this.head ?? head) }, touched: [] };
  }

  #reprocess(head: DagRunHead, { backfillId, conf }: Extract<RunCommand, { kind: "reprocess" }>): void {
    this.head = { ...head, runType: "backfill", triggeredBy: "backfill", backfillId, seq: head.seq + 1 };
    if (!FINISHED_RUN_STATES.has(head.state)) return;
    this.head = { ...this.head, conf: conf ?? head.conf, generation: head.generation + 1 };
    this.#start();
  }

  #start(): void {
    const { head } = this;
    if (head === null) return;
    const { ms, succeeds } = this.#around.draw(head);
    this.head = { ...head, state: "running", startedAt: this.#around.now(), endedAt: null, seq: head.seq + 1 };
    this.starts++;
    this.#around.onStart(this);
    const { incarnation, generation } = this.head;
    const isThis = (): boolean => this.head?.incarnation === incarnation && this.head.generation === generation;
    this.#around.plan(ms, () => {
      if (this.head !== null && isThis() && this.isRunning) this.#end(this.head, succeeds ? "success" : "failed");
    });
    if (ms > FIRST_PUSH_MS) this.#around.plan(FIRST_PUSH_MS, () => void (isThis() && this.isRunning && this.#push()));
  }

  #end(head: DagRunHead, state: "success" | "failed"): void {
    const wasRunning = this.isRunning;
    this.head = { ...head, state, endedAt: this.#around.now(), seq: head.seq + 1 };
    if (wasRunning) this.#around.onEnd(this);
    void this.#push();
  }

  async #poke(): Promise<{ readonly owes: boolean }> {
    await this.#push();
    return { owes: this.owes };
  }

  async #push(): Promise<void> {
    const { head } = this;
    if (head === null || this.#isPushing || !this.owes) return;
    this.#isPushing = true;
    const callId = `push:${head.incarnation}:${head.seq}`;
    const push = {
      callId,
      head: { ...head },
      endReason: null,
      since: this.#pushedSeq,
      more: false,
      owes: false,
      instances: [],
      tries: [],
      durations: {},
    };
    const { mirrored, isAnswered } = await this.#around.push(push).then(
      (answer) => ({ ...answer, isAnswered: true }),
      (error: unknown) => {
        this.#isAlone ||= error instanceof PushCutShort;
        return { mirrored: false, isAnswered: false };
      },
    );
    if (isAnswered) this.#isAlone = false;
    this.#isPushing = false;
    if (this.head?.incarnation !== head.incarnation) return;
    if (mirrored) this.#pushedSeq = Math.max(this.#pushedSeq, head.seq);
    this.#failures = mirrored ? 0 : this.#failures + 1;
    if (!this.owes || this.#isPlanned || (!mirrored && !this.#isAlone && this.#around.isAlarmLost())) return;
    const againMs = mirrored ? 0 : Math.min(PUSH_AGAIN_MAX_MS, PUSH_AGAIN_MS * 2 ** (this.#failures - 1));
    this.#isPlanned = true;
    this.#around.plan(againMs, () => {
      this.#isPlanned = false;
      void this.#push();
    });
  }
}

const NO_USAGE = { objectCalls: 0, queueMessages: 0, rowsWritten: 0, alarms: 0, r2Writes: 0 };
