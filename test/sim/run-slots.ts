/**
 * @module What a simulated run's object owes the limits: asks and give-backs are durable, renewals are not; all are said again until they were heard.
 */
import { askOf, heldSlots } from "../../src/engine/dag-run/slots.ts";
import type { SlotRelease, StepResult } from "../../src/model/command.ts";
import type { DagRun } from "../../src/model/dag-run.ts";
import type { SlotOrder, SlotWord } from "../../src/model/slot.ts";
import { CallLost } from "./call-lost.ts";
import type { RunHost } from "./run-host.ts";
import type { World } from "./world.ts";

const SAY_AGAIN_MS = 1_000;

export class RunSlots {
  readonly #world: World;
  readonly #host: RunHost;
  readonly #asks = new Set<number>();
  #releases: SlotRelease[] = [];
  #renewals = new Set<number>();
  #planned = false;

  constructor(world: World, host: RunHost) {
    this.#world = world;
    this.#host = host;
  }

  get owes(): boolean {
    return this.#asks.size + this.#releases.length > 0;
  }

  /** In the transaction of a step. */
  note(result: StepResult): void {
    for (const ord of result.asks) this.#asks.add(ord);
    this.#releases.push(...result.releases);
  }

  noteRenewals(result: StepResult): void {
    for (const ord of result.renewals) this.#renewals.add(ord);
  }

  /** The object died: what was in memory only is gone. */
  forget(): void {
    this.#renewals = new Set();
  }

  /** Says what is owed, soon. */
  send(delayMs = this.#world.rng.between(1, 20)): void {
    if (this.#planned || (!this.owes && this.#renewals.size === 0)) return;
    this.#planned = true;
    this.#world.plan(delayMs, () => {
      this.#planned = false;
      if (!this.#host.deleted) this.#exchange();
    });
  }

  /** False: the object died over it, and it must be said again. */
  hear(words: readonly SlotWord[]): boolean {
    try {
      this.#host.handle({ kind: "slots-answered", words }, null, null);
      return true;
    } catch (error) {
      if (!(error instanceof CallLost)) throw error;
      return false;
    }
  }

  #exchange(): void {
    const world = this.#world;
    const orders = this.#orders(this.#host.loaded());
    for (const [limit, order] of orders) {
      if (world.fault("slotCallLost")) continue;
      const answer = world.limits.of(limit).exchange(order);
      if (world.fault("slotReplyLost")) continue;
      if (!this.hear([{ limit, ...answer }])) continue;
      this.#releases = this.#releases.filter(
        (one) => one.limit !== limit || !order.release.some(({ ord, ask }) => ord === one.ord && ask === one.ask),
      );
      for (const { ord, ask } of order.request) {
        const asked = askOf(this.#host.loaded(), ord);
        if (asked === undefined || (asked.limit.name === limit && asked.request.ask === ask)) this.#asks.delete(ord);
      }
      for (const { ord } of order.renew) this.#renewals.delete(ord);
    }
    this.send(SAY_AGAIN_MS);
  }

  #orders(run: DagRun): Map<string, SlotOrder> {
    const { dagId, runId, incarnation, queuedAt } = run.head;
    const drafts = new Map<
      string,
      { limit: SlotOrder["limit"]; parts: Pick<SlotOrder, "release" | "request" | "renew"> }
    >();
    const add = (limit: string, size: number | null, part: Partial<SlotOrder>): void => {
      const draft = drafts.get(limit) ?? { limit: null, parts: { release: [], request: [], renew: [] } };
      const { release, request, renew } = draft.parts;
      drafts.set(limit, {
        limit: size === null ? draft.limit : { slots: size, at: queuedAt },
        parts: {
          release: [...release, ...(part.release ?? [])],
          request: [...request, ...(part.request ?? [])],
          renew: [...renew, ...(part.renew ?? [])],
        },
      });
    };
    for (const release of this.#releases) add(release.limit, null, { release: [release] });
    for (const ord of this.#asks) {
      const asked = askOf(run, ord);
      if (asked === undefined) this.#asks.delete(ord);
      else add(asked.limit.name, asked.limit.limit, { request: [asked.request] });
    }
    for (const ord of this.#renewals) {
      const held = heldSlots(run, ord);
      if (held.length === 0) this.#renewals.delete(ord);
      for (const { limit, ref } of held) add(limit.name, limit.limit, { renew: [ref] });
    }
    const holder = { dagId, runId, incarnation };
    return new Map([...drafts].map(([name, { limit, parts }]) => [name, { holder, limit, ...parts }]));
  }
}
