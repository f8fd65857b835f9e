/**
 * @module Limits across runs in a simulated deployment: the real leases (`SlotLeases`) behind calls that get lost, doubled and late, and objects that die.
 */
import { SlotLeases } from "../../src/cloudflare/slot/slot-leases.ts";
import type { DagSpec } from "../../src/model/dag-spec.ts";
import type { SlotAnswer, SlotOrder, SlotRequest } from "../../src/model/slot.ts";
import { limitsOf } from "./limits-of.ts";
import { nodeSql } from "../support/node-sql.ts";
import { OPEN_ATTEMPT_STATES } from "../../src/model/state.ts";
import { Rng } from "./rng.ts";
import type { Sql } from "../../src/cloudflare/dag-run/sql.ts";
import type { RunHost } from "./run-host.ts";
import { Violation } from "./invariants.ts";
import type { World } from "./world.ts";

const TELL_AGAIN_MS = 5_000;
const POOLS = ["db", "api"] as const;
/** Draws of slots must not move the draws of everything else. */
const OWN_SEED = 0x510_75;

/** All limits of one world; most worlds have none. */
export class Limits {
  readonly #world: World;
  readonly #rng: Rng;
  readonly #byName = new Map<string, Limit>();
  readonly exist: boolean;
  /** `max_active_tis_per_dag` wherever a task has one: all runs must say the same. */
  readonly #perDag: number;

  constructor(world: World, seed: number) {
    this.#world = world;
    this.#rng = new Rng(seed ^ OWN_SEED);
    this.exist = this.#rng.chance(0.1);
    this.#perDag = this.#rng.between(1, 2);
    if (!this.exist) return;
    for (const pool of POOLS) {
      const limit = this.of(`pool:${pool}`);
      const slots = this.#rng.between(1, 4);
      // Some pools are made only when tasks wait for them.
      const later = this.#rng.chance(0.2) ? this.#rng.below(300_000) : 0;
      world.plan(later, () => limit.define(slots));
    }
  }

  /** Puts tasks under limits. */
  assign(spec: DagSpec): DagSpec {
    if (!this.exist) return spec;
    const tasks = spec.tasks.map((task) => ({
      ...task,
      pool: this.#rng.chance(0.6) ? this.#rng.pick(POOLS) : task.pool,
      poolSlots: 1,
      maxActiveTisPerDag: this.#rng.chance(0.15) ? this.#perDag : null,
    }));
    return { ...spec, dagId: "shared", tasks };
  }

  /** A run is deleted, and nobody tells the limits. */
  planDeletion(host: RunHost): void {
    if (!this.exist || !this.#rng.chance(0.1)) return;
    this.#world.plan(this.#rng.below(120_000), () => {
      host.deleted = true;
      this.#world.covered("run deleted");
    });
  }

  of(name: string): Limit {
    const known = this.#byName.get(name) ?? new Limit(this.#world, name);
    this.#byName.set(name, known);
    return known;
  }

  /** I4: what all runs hold under unexpired leases never exceeds a limit. */
  check(): void {
    if (!this.exist) return;
    const used = new Map<string, number>();
    for (const host of this.#world.hosts) {
      if (host.deleted) continue;
      const spec = this.#world.specs.get(host.runId) ?? host.durable.spec;
      for (const { task, state, slotsHeld, slotUntil } of host.durable.instances) {
        const isOpen = OPEN_ATTEMPT_STATES.has(state);
        if (slotsHeld > 0 ? slotUntil <= this.#world.now : !isOpen) continue;
        const limits = limitsOf(spec, task).filter(({ name }) => name !== "pool:default_pool");
        for (const { name, slots } of slotsHeld > 0 ? limits.slice(0, slotsHeld) : limits)
          used.set(name, (used.get(name) ?? 0) + slots);
      }
    }
    for (const [name, slots] of used) {
      const size = this.of(name).slots;
      if (slots > size) throw new Violation(`I4: ${slots} slots of ${name} are used, there are ${size}`);
    }
  }

  /** I10: at rest nobody holds anything, nobody waits. */
  checkAtRest(): void {
    for (const limit of this.#byName.values()) limit.checkAtRest();
  }
}

/** One world at a time: a new database and its statements cost more than the world's use of them. */
const databases = new Map<string, Sql>();

function emptyDatabase(name: string): Sql {
  const sql = databases.get(name) ?? nodeSql();
  databases.set(name, sql);
  for (const { table } of sql.exec("SELECT name AS \"table\" FROM sqlite_schema WHERE type = 'table'"))
    sql.exec(`DELETE FROM "${String(table)}"`);
  return sql;
}

type Place = Pick<SlotRequest, "priority" | "since" | "mapIndex">;

/** Negative: `a` is served before `b`. */
function byPlace(a: Place, b: Place): number {
  return b.priority - a.priority || a.since - b.since || a.mapIndex - b.mapIndex;
}

class Limit {
  readonly #world: World;
  readonly #name: string;
  readonly #sql: Sql;
  readonly #leaseMs: number;
  #leases: SlotLeases;
  #expiryPlannedAt = Infinity;
  readonly #telling = new Set<string>();
  /** What was asked for, by the key of the leases. */
  readonly #asked = new Map<string, Place>();

  constructor(world: World, name: string) {
    this.#world = world;
    this.#name = name;
    this.#leaseMs = world.core.slotLeasesEnd ? world.leases.slotMs : 10 ** 12;
    this.#sql = emptyDatabase(name);
    this.#leases = new SlotLeases(this.#sql, name, this.#leaseMs);
  }

  get slots(): number {
    return this.#leases.definition?.slots ?? 0;
  }

  define(slots: number): void {
    this.#turn(() => this.#leases.define({ slots, includeDeferred: false }, this.#world.now));
  }

  exchange(order: SlotOrder): SlotAnswer {
    const answers: SlotAnswer[] = [];
    for (const one of order.request) this.#asked.set(`${order.holder.incarnation}/${one.ord}`, one);
    const request = this.#world.core.slotsByPriority
      ? order.request
      : order.request.map((one) => ({ ...one, priority: -one.priority }));
    this.#turn(() => answers.push(this.#leases.exchange({ ...order, request }, this.#world.now)));
    return answers[0] as SlotAnswer;
  }

  checkAtRest(): void {
    const { held, waiting } = this.#leases.usage(this.#world.now);
    if (held.length + waiting > 0)
      throw new Violation(`I10: at rest ${held.length} leases of ${this.#name} are held and ${waiting} requests wait`);
  }

  #turn(work: () => unknown): void {
    if (this.#world.fault("slotObjectDies")) this.#leases = new SlotLeases(this.#sql, this.#name, this.#leaseMs);
    const before = new Set(this.#heldNow().map(({ key, ask }) => `${key}/${ask}`));
    work();
    this.#checkOrder(this.#heldNow().filter(({ key, ask }) => !before.has(`${key}/${ask}`)));
    this.#checkUse();
    this.#tell();
    this.#planExpiry();
  }

  #heldNow(): readonly { readonly key: string; readonly ask: number }[] {
    const { held } = this.#leases.usage(this.#world.now);
    return held.map(({ incarnation, ord, ask }) => ({ key: `${incarnation}/${ord}`, ask }));
  }

  /** I17: what is given in a turn goes to nobody behind one who still waits. All want one slot here, so nobody is passed for wanting more. */
  #checkOrder(given: readonly { readonly key: string }[]): void {
    if (given.length === 0) return;
    const places = given.flatMap(({ key }) => this.#asked.get(key) ?? []);
    const waiting = this.#sql.exec("SELECT key FROM queue").flatMap(({ key }) => this.#asked.get(String(key)) ?? []);
    const last = places.toSorted(byPlace).at(-1);
    const first = waiting.toSorted(byPlace)[0];
    if (last === undefined || first === undefined) return;
    this.#world.covered("slot given in order");
    if (byPlace(first, last) < 0)
      throw new Violation(
        `I17: a slot of ${this.#name} went to priority ${last.priority} while ${first.priority} waits`,
      );
  }

  /** In calm, whoever has a lease holds the slot, is about to hear of it, or is about to give it back. */
  #checkUse(): void {
    if (!this.#world.calmFor(60_000)) return;
    for (const { runId, ord, ask } of this.#leases.usage(this.#world.now).held) {
      const host = this.#world.hosts.find((one) => one.runId === runId);
      const instance = host?.durable.instances[ord];
      if (host === undefined || instance === undefined || host.deleted || host.slots.owes) continue;
      if (instance.slotAsk === ask && (instance.slotsHeld > 0 || instance.state === "scheduled")) continue;
      throw new Violation(
        `I10: ${runId} ord ${ord} (${instance.state}) has a lease of ${this.#name} and does not hold it`,
      );
    }
  }

  #planExpiry(): void {
    const at = this.#leases.nextExpiryAt();
    if (at === null || at >= this.#expiryPlannedAt || !this.#world.core.slotLeasesEnd) return;
    this.#expiryPlannedAt = at;
    this.#world.plan(Math.max(0, at - this.#world.now), () => {
      this.#expiryPlannedAt = Infinity;
      const before = this.#leases.usage(this.#world.now - 1).held.length;
      this.#turn(() => this.#leases.expire(this.#world.now));
      const gone = before - this.#leases.usage(this.#world.now).held.length;
      if (gone > 0) this.#world.covered("slot lease ended");
      if (gone > 0 && this.#world.calmFor(2 * this.#leaseMs) && !this.#world.hosts.some(({ deleted }) => deleted))
        throw new Violation(`I10: a slot of ${this.#name} lay idle until its lease ended, with no fault in sight`);
    });
  }

  #tellAgain(runId: string): void {
    this.#world.plan(TELL_AGAIN_MS, () => {
      this.#telling.delete(runId);
      this.#turn(() => undefined);
    });
  }

  /** Runs hear of their grants, and again until they have. */
  #tell(): void {
    const world = this.#world;
    for (const { holder, granted } of this.#leases.news()) {
      if (this.#telling.has(holder.runId)) continue;
      this.#telling.add(holder.runId);
      if (world.fault("slotWordLost")) {
        this.#tellAgain(holder.runId);
        continue;
      }
      const copies = world.fault("slotWordTwice") ? 2 : 1;
      for (let copy = 0; copy < copies; copy++) {
        const late = world.fault("slotWordLate") ? world.rng.below(world.rng.chance(0.2) ? 300_000 : 60_000) : 0;
        // A second copy comes when the first has long been used.
        const behind = copy === 0 ? 0 : world.rng.below(20_000);
        world.plan(world.rng.between(1, 20) + late + behind, () => {
          const host = world.hosts.find(({ runId }) => runId === holder.runId);
          if (host === undefined || host.deleted) this.#turn(() => this.#leases.forgetRun(holder, world.now));
          else if (host.slots.hear([{ limit: this.#name, granted, waiting: [], gone: [] }]))
            this.#leases.told(holder, granted);
          else return this.#tellAgain(holder.runId);
          this.#telling.delete(holder.runId);
        });
      }
      this.#leases.told(holder, granted);
    }
  }
}
