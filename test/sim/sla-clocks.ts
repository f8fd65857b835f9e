/**
 * @module SLAs in a world, and an oracle of its own: what was through at the last commit before an SLA's time decides whether somebody is told, once.
 */
import type { Command } from "../../src/model/command.ts";
import type { DagSpec } from "../../src/model/dag-spec.ts";
import { Rng } from "./rng.ts";
import type { RunHost } from "./run-host.ts";
import { Violation } from "./invariants.ts";
import type { World } from "./world.ts";

interface Clock {
  readonly task: number;
  readonly taskId: string;
  readonly at: number;
  /** As of the last commit before `at`. */
  through: boolean;
  judged: boolean;
}

const GOOD: ReadonlySet<string> = new Set(["success", "skipped", "removed"]);

export class SlaClocks {
  readonly #world: World;
  readonly #rng: Rng;
  readonly #clocks = new Map<string, Clock[]>();
  /** Ids of notices by run and task: a repeat of one id is one notice. */
  readonly #told = new Map<string, Set<string>>();

  /** Draws from a generator of its own: worlds without SLAs stay as they are. */
  constructor(world: World, seed: number) {
    this.#world = world;
    this.#rng = new Rng(seed ^ 0x51a51a);
  }

  assign(spec: DagSpec): DagSpec {
    if (!this.#rng.chance(0.3)) return spec;
    const tasks = spec.tasks.map((task) =>
      this.#rng.chance(0.4)
        ? { ...task, slaMs: this.#rng.between(100, this.#rng.pick([2_000, 60_000, 900_000])) }
        : task,
    );
    return { ...spec, tasks, slaRuns: "all" };
  }

  onCommit(host: RunHost): void {
    const { head, instances } = host.durable;
    for (const clock of this.#of(host)) {
      if (clock.judged) continue;
      if (head.lastNow >= clock.at) {
        clock.judged = true;
        this.#world.covered(clock.through ? "sla kept" : "sla missed");
        continue;
      }
      clock.through = instances.every(({ task, state }) => task !== clock.task || GOOD.has(state));
    }
  }

  onDelivered(host: RunHost, command: Extract<Command, { kind: "sla-miss" }>): void {
    for (const { taskId } of command.misses) {
      const key = `${host.runId}|${taskId}`;
      this.#told.set(key, (this.#told.get(key) ?? new Set()).add(command.id));
    }
  }

  /** Still to be judged, and not through: an ended run is looked after for it. */
  waits(host: RunHost): boolean {
    return this.#of(host).some(({ judged, through }) => !judged && !through);
  }

  checkAtRest(host: RunHost): void {
    for (const { taskId, judged, through, at } of this.#of(host)) {
      const told = this.#told.get(`${host.runId}|${taskId}`)?.size ?? 0;
      const missed = judged ? !through : false;
      if (!judged && !through) throw new Violation(`the SLA of ${host.runId} ${taskId} at ${at} was never judged`);
      if (told !== (missed ? 1 : 0))
        throw new Violation(
          `the SLA of ${host.runId} ${taskId} was ${missed ? "missed" : "kept"} and told ${told} times`,
        );
    }
  }

  #of(host: RunHost): Clock[] {
    const known = this.#clocks.get(host.runId);
    if (known !== undefined) return known;
    const { spec, head } = host.durable;
    const clocks = spec.tasks.flatMap(({ slaMs, taskId }, task) =>
      slaMs === null ? [] : [{ task, taskId, at: head.runAfter + slaMs, through: false, judged: false }],
    );
    this.#clocks.set(host.runId, clocks);
    return clocks;
  }
}
