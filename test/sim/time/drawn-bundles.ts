/**
 * @module The bundles a world deploys one after the other: DAGs with schedules, changed, removed, brought back.
 */
import type { Dag } from "../../../src/dag/dag.ts";
import type { DagIndex } from "../../../src/dag/dag-index.ts";
import { registerDag } from "../../../src/dag/dag-registry.ts";
import type { ExecutableDag } from "../../../src/dag/executable-dag.ts";
import type { DagSpec, ScheduleSpec } from "../../../src/model/dag-spec.ts";
import { aDagSpec, aTaskSpec } from "../../support/spec-builders.ts";
import type { Rng } from "../rng.ts";
import { MINUTE } from "./calendar.ts";

const HOUR = 60 * MINUTE;

/** A DAG as one bundle has it. */
export interface Version {
  readonly spec: DagSpec;
  readonly hash: string;
}

export interface Bundle {
  readonly index: DagIndex;
  readonly versions: ReadonlyMap<string, Version>;
}

/** How a world's schedules are spaced: some thirty slots in its time. */
export interface Pace {
  readonly crons: readonly string[];
  readonly everyMs: readonly number[];
  readonly horizonMs: number;
}

export const PACES: readonly Pace[] = [
  {
    crons: ["*/10 * * * *", "5,20,50 * * * *", "*/15 * * * *"],
    everyMs: [7 * MINUTE, 20 * MINUTE],
    horizonMs: 3 * HOUR,
  },
  { crons: ["*/30 * * * *", "5 * * * *", "10 */2 * * *"], everyMs: [45 * MINUTE, HOUR], horizonMs: 10 * HOUR },
  { crons: ["30 2,3,14 * * *", "0 */6 * * *", "15 1 * * *"], everyMs: [5 * HOUR, 24 * HOUR], horizonMs: 96 * HOUR },
];

/** Code of a version's tasks, for worlds whose runs are real. */
export type Code = (spec: DagSpec) => ExecutableDag;

export class BundleDrawer {
  readonly #rng: Rng;
  readonly #pace: Pace;
  readonly #from: number;
  readonly #code: Code;
  readonly #hashes = new Map<string, number>();
  #bundles = 0;

  constructor(rng: Rng, pace: Pace, from: number, code: Code) {
    this.#rng = rng;
    this.#pace = pace;
    this.#from = from;
    this.#code = code;
  }

  first(dagIds: readonly string[]): Bundle {
    return this.#bundle(new Map(dagIds.map((dagId) => [dagId, this.#version(this.#draw(dagId))])));
  }

  /** Each DAG stays, changes, goes, or comes back. */
  next(dagIds: readonly string[], before: Bundle): Bundle {
    const versions = new Map<string, Version>();
    for (const dagId of dagIds) {
      const version = before.versions.get(dagId);
      if (this.#rng.chance(0.15)) continue;
      if (version === undefined) versions.set(dagId, this.#version(this.#draw(dagId)));
      else versions.set(dagId, this.#rng.chance(0.4) ? version : this.#version(this.#changed(version.spec)));
    }
    return this.#bundle(versions);
  }

  /** Every DAG is there, no schedule makes a run any more. */
  last(dagIds: readonly string[], before: Bundle): Bundle {
    const versions = dagIds.map((dagId) => {
      const spec = before.versions.get(dagId)?.spec ?? this.#draw(dagId);
      return [dagId, this.#version({ ...spec, schedule: { kind: "none" } })] as const;
    });
    return this.#bundle(new Map(versions));
  }

  #draw(dagId: string): DagSpec {
    const rng = this.#rng;
    const back = rng.chance(0.5) ? rng.below(this.#pace.horizonMs / 3) : -rng.below(this.#pace.horizonMs / 4);
    const schedule = this.#schedule();
    const needsStart = ["delta-data-interval", "cron-data-interval", "once"].includes(schedule.kind);
    return aDagSpec({
      dagId,
      schedule,
      startDate: needsStart || rng.chance(0.8) ? this.#from - Math.round(back / MINUTE) * MINUTE : null,
      endDate: rng.chance(0.15) ? this.#from + rng.below(this.#pace.horizonMs) : null,
      catchup: rng.chance(0.5),
      maxActiveRuns: rng.pick([1, 1, 2, 3, 16]),
      isPausedUponCreation: rng.chance(0.15),
      tasks: [aTaskSpec({ taskId: "a" })],
    });
  }

  #schedule(): ScheduleSpec {
    const rng = this.#rng;
    const timezone = rng.pick(["UTC", "Europe/Berlin"]);
    const { crons, everyMs, horizonMs } = this.#pace;
    switch (rng.below(8)) {
      case 0:
      case 1:
        return { kind: "cron-trigger", crons: [rng.pick(crons)], timezone };
      case 2:
        return { kind: "cron-trigger", crons: [rng.pick(crons)], timezone, interval: { months: 0, ms: 2 * HOUR } };
      case 3:
        return { kind: "cron-trigger", crons: [...crons], timezone };
      case 4:
        return { kind: "cron-data-interval", cron: rng.pick(crons), timezone };
      case 5:
        return { kind: "delta-data-interval", everyMs: rng.pick(everyMs) };
      case 6: {
        const at = Array.from({ length: 8 }, () => this.#from + rng.below(horizonMs));
        return { kind: "events", at: at.toSorted((a, b) => a - b) };
      }
      default:
        return rng.chance(0.3) ? { kind: "once" } : { kind: "none" };
    }
  }

  #changed(spec: DagSpec): DagSpec {
    const rng = this.#rng;
    const kind = rng.below(4);
    if (kind === 0) return { ...spec, tags: [`t${rng.below(1_000)}`] };
    if (kind === 1) return { ...spec, maxActiveRuns: rng.pick([1, 2, 16]) };
    if (kind === 2) return { ...spec, catchup: !spec.catchup };
    const schedule = this.#schedule();
    return { ...spec, schedule, startDate: spec.startDate ?? this.#from };
  }

  #version(spec: DagSpec): Version {
    const count = (this.#hashes.get(spec.dagId) ?? 0) + 1;
    this.#hashes.set(spec.dagId, count);
    const hash = `${spec.dagId}-${count}`;
    const executable = this.#code(spec);
    const dag = { id: spec.dagId, specHash: hash, executable, inFile: () => dag, withWarnings: () => dag };
    registerDag(dag as unknown as Dag<unknown>);
    return { spec: executable.spec, hash };
  }

  #bundle(versions: ReadonlyMap<string, Version>): Bundle {
    const dags = [...versions].map(([dagId, { hash }]) => [dagId, { file: "world.ts", specHash: hash }]);
    const index: DagIndex = {
      bundleHash: `bundle-${++this.#bundles}`,
      dags: Object.fromEntries(dags),
      files: { "world.ts": async () => undefined },
      importErrors: [],
      sources: {},
    };
    return { index, versions };
  }
}

/** The registry keeps what was defined for ever; the worlds before are over. */
export function forgetDags(): void {
  const list: unknown = Reflect.get(globalThis, Symbol.for("airflare.dags"));
  if (Array.isArray(list)) list.length = 0;
}
