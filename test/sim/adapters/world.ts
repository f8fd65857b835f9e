/**
 * @module One random world of the second layer: some runs of drawn DAGs through the real Worker code, faults until a drawn heal time, then calm; what must
 * hold while it runs and at rest.
 */
import type { DagIndex } from "../../../src/dag/dag-index.ts";
import type { ExecutableDag } from "../../../src/dag/executable-dag.ts";
import { DEFAULT_LEASES } from "../../../src/model/event.ts";
import type { RunCommand } from "../../../src/model/protocol.ts";
import { Violation } from "../invariants.ts";
import { Rng } from "../rng.ts";
import { DrawnFaults } from "./adapter-faults.ts";
import { checkRest, endingOf } from "./at-rest.ts";
import { Deployment } from "./deployment.ts";
import { type Code, drawExecutable, marksIn, type Start } from "./drawn-dag.ts";
import { VirtualTime, withVirtualGlobals } from "./virtual-time.ts";

const REST_BOUND_MS = 72 * 3_600_000;
const TRACE_LINES = 50;
/** Each loses attempts: their code starts again within the try. */
const LOSING = [
  "refused",
  "reply-lost",
  "evicted",
  "killed",
  "commit lost",
  "reset after commit",
  "statement fails",
  "clock skew",
] as const;

const CLEAR = {
  includeUpstream: false,
  includeDownstream: true,
  onlyFailed: false,
  onlyRunning: false,
  resetDagRun: true,
  note: null,
} as const;

interface DrawnRun {
  readonly runId: string;
  readonly dag: ExecutableDag;
}

export class AdapterWorld implements Code {
  readonly seed: number;
  readonly failureRate: number;
  readonly faults: DrawnFaults;
  readonly time = new VirtualTime();
  readonly trace: string[] = [];
  hash = 0;
  readonly #deployment: Deployment;
  readonly #runs: DrawnRun[] = [];
  readonly #starts: Start[] = [];
  readonly #running = new Map<string, number>();
  readonly #callbacks = new Set<string>();
  readonly #touched = new Set<string>();
  readonly #randomness: Rng;
  #violation: Violation | null = null;

  constructor(seed: number, coverage: Map<string, number>) {
    const rng = new Rng(seed);
    this.seed = seed;
    this.failureRate = rng.pick([0, 0.05, 0.2, 0.5]);
    this.faults = new DrawnFaults(rng, this.time, coverage, (line) => this.#note(line));
    this.#randomness = new Rng(rng.next());
    const dags = Array.from({ length: rng.between(1, 2) }, (_, i) => drawExecutable(rng, `world_${seed}_${i}`, this));
    const index: DagIndex = {
      bundleHash: `world-${seed}`,
      dags: Object.fromEntries(
        dags.map(({ executable, specHash }) => [executable.spec.dagId, { file: "world.ts", specHash }]),
      ),
      files: { "world.ts": async () => undefined },
      importErrors: [],
      sources: {},
    };
    const vars = { AIRFLARE_HAND_OFF: rng.pick(["0", "1"]), AIRFLARE_QUEUE_HOLD: rng.pick(["0", "840"]) };
    const short = dags.flatMap(({ executable }) => executable.spec.tasks).filter(() => rng.chance(0.3));
    const longest = Object.fromEntries(short.map(({ taskId }) => [taskId, 20]));
    this.#deployment = new Deployment(this.time, this.faults, { index, vars, longest, pools: { db: 1 + (seed % 3) } });
    for (const { executable } of dags) {
      const count = rng.between(1, 2);
      for (let i = 0; i < count; i++) {
        const runId = `run_${this.#runs.length}`;
        const delayMs = rng.below(20_000);
        this.#plan(executable, runId, delayMs);
        if (rng.chance(0.2)) this.#planCommand(rng, executable, runId, delayMs + rng.between(1_000, 300_000));
      }
    }
  }

  /** Runs to rest. Throws {@link Violation}. */
  async run(): Promise<void> {
    await withVirtualGlobals(this.time, this.#randomness, async () => {
      await this.time.run(this.faults.healAt + REST_BOUND_MS);
      if (this.#violation !== null) throw this.#violation;
      for (const run of this.#runs) await this.#check(run);
      this.#checkLimits();
      this.#deployment.close();
    });
  }

  /** At rest nobody holds a slot, nobody waits for one. */
  #checkLimits(): void {
    for (const [name, { storage }] of this.#deployment.limits) {
      const { sql } = storage.context(name, () => true).storage;
      const left = ["held", "queue"].filter((table) => sql.exec(`SELECT key FROM ${table}`).toArray().length > 0);
      if (left.length > 0) throw new Violation(`at rest, limit ${name} has rows in ${left.join(", ")}`);
      this.#note(`limit ${name}`);
    }
  }

  onStart(start: Start): void {
    this.#note(`start ${start.runId} ${start.taskId}[${start.mapIndex}] ${start.tryNumber}`);
    this.#starts.push(start);
    const running = (this.#running.get(start.runId) ?? 0) + 1;
    this.#running.set(start.runId, running);
    const spec = this.#runs.find(({ runId }) => runId === start.runId)?.dag.spec;
    const most = spec?.maxActiveTasks ?? 0;
    // What a fenced attempt still does (its lease ended, its task was cleared, its DAG failed fast) does not count as running.
    const fences =
      this.#loses || this.#touched.has(start.runId) || spec?.failFast === true || spec?.dagrunTimeoutMs !== null;
    if (!fences && running > most)
      this.#violation ??= new Violation(`I4: ${running} attempts of ${start.runId} run, its limit is ${most}`);
  }

  onEnd(runId: string): void {
    this.#running.set(runId, (this.#running.get(runId) ?? 0) - 1);
  }

  onCallback(runId: string): void {
    this.#callbacks.add(runId);
  }

  get #loses(): boolean {
    return LOSING.some((kind) => this.faults.levels[kind] > 0);
  }

  #plan(dag: ExecutableDag, runId: string, delayMs: number): void {
    this.#runs.push({ runId, dag });
    this.time.plan(delayMs, () => this.#deployment.trigger(dag.spec, runId));
  }

  /** A user cancels the run, or clears a task and all below it. */
  #planCommand(rng: Rng, { spec }: ExecutableDag, runId: string, delayMs: number): void {
    this.#touched.add(runId);
    const { taskId } = rng.pick(spec.tasks);
    const options = { ...CLEAR, select: [{ taskId }] };
    const command: RunCommand = rng.chance(0.3)
      ? { kind: "cancel", by: "user" }
      : { kind: "clear", options, dryRun: false };
    this.time.plan(delayMs, () => this.#deployment.command(spec.dagId, runId, `user:${runId}`, command));
  }

  #note(line: string): void {
    for (let i = 0; i < line.length; i++) this.hash = (Math.imul(this.hash, 31) + line.charCodeAt(i)) | 0;
    this.trace.push(line);
    if (this.trace.length > TRACE_LINES) this.trace.shift();
  }

  async #check({ runId, dag: { spec } }: DrawnRun): Promise<void> {
    const touched = this.#touched.has(runId);
    const alarmLost = this.faults.happened.has("alarm lost");
    checkRest(this.#deployment, spec.dagId, runId, { alarmLost, touched });
    const ending = await endingOf(this.#deployment, spec.dagId, runId);
    if (touched) return;
    const told = this.#callbacks.has(runId) || alarmLost || this.faults.happened.has("message lost");
    const mustTell = spec.callbacks.includes(ending.state === "success" ? "success" : "failure");
    if (mustTell && !told) throw new Violation(`${runId} ended ${ending.state} and no callback was called`);
    for (const { by, mapIndex, tryNumber } of marksIn(Object.values(ending.xcoms)))
      if (ending.tries[`${by}[${mapIndex}]`] !== tryNumber)
        throw new Violation(`${runId} keeps an XCom that try ${tryNumber} of ${by}[${mapIndex}] wrote`);
    this.#checkStarts(runId, spec, ending.tries);
  }

  /** I8, and that every value a task saw is the one its producer ended with. */
  #checkStarts(runId: string, spec: ExecutableDag["spec"], tries: Readonly<Record<string, number>>): void {
    const times = new Map<string, number>();
    const sensors = new Set(spec.tasks.filter(({ kind }) => kind === "sensor").map(({ taskId }) => taskId));
    // A hand-off that showed no sign of life is no loss: its driver may have started the code all the same.
    const most = this.#loses ? 2 + DEFAULT_LEASES.lossesMax : 1;
    for (const { taskId, mapIndex, tryNumber, seen } of this.#starts.filter((start) => start.runId === runId)) {
      for (const mark of seen) {
        if (tries[`${mark.by}[${mark.mapIndex}]`] !== mark.tryNumber)
          throw new Violation(
            `${runId} ${taskId}[${mapIndex}] saw a value of try ${mark.tryNumber} of ${mark.by}[${mark.mapIndex}]`,
          );
      }
      const key = `${taskId}[${mapIndex}] try ${tryNumber}`;
      times.set(key, (times.get(key) ?? 0) + 1);
      if (!sensors.has(taskId) && (times.get(key) ?? 0) > most)
        throw new Violation(`I8: ${runId} ${key} started ${times.get(key)} times, at most ${most} are allowed`);
    }
  }
}

export interface AdapterFailure {
  readonly seed: number;
  readonly message: string;
  readonly faults: DrawnFaults["levels"];
  readonly trace: readonly string[];
}

/** Worlds `seed`, `seed + 1`, ... Stops at the first violation. */
export async function runAdapterWorlds(
  seed: number,
  runs: number,
): Promise<{ readonly failures: readonly AdapterFailure[]; readonly coverage: ReadonlyMap<string, number> }> {
  const coverage = new Map<string, number>();
  for (let index = 0; index < runs; index++) {
    const world = new AdapterWorld(seed + index, coverage);
    try {
      await world.run();
    } catch (error) {
      const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
      return { failures: [{ seed: world.seed, message, faults: world.faults.levels, trace: world.trace }], coverage };
    }
  }
  return { failures: [], coverage };
}
