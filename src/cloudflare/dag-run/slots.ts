/**
 * @module What a run has to say to the limits that its tasks are under: slots given back, asked for, still held. All of it for one limit is one call.
 * What is said is read from the run; only what was given back leaves no trace there and stands in the book until it is told.
 */
import { askOf, heldSlots } from "../../engine/dag-run/slots.ts";
import type { SlotRelease } from "../../model/command.ts";
import type { DagRunHead } from "../../model/dag-run.ts";
import type { SlotLimit, SlotOrder, SlotRef, SlotRequest, SlotWord } from "../../model/slot.ts";
import type { Env } from "../env.ts";
import type { LiveRun } from "./live-run.ts";

/** Something is to be said. */
export function owesSlots(live: LiveRun): boolean {
  return live.slotAsks.size + live.slotRenewals.size + live.slotReleases.size > 0;
}

interface Draft {
  readonly limit: SlotOrder["limit"];
  readonly release: SlotRelease[];
  readonly request: SlotRequest[];
  readonly renew: SlotRef[];
}

/** What limits answered. A limit that could not be reached answers "waiting", and `failure` says why: all of its part stays owed. */
export async function exchangeSlots(
  env: Env,
  live: LiveRun,
): Promise<{ readonly words: readonly SlotWord[]; readonly failure: unknown }> {
  const { dagId, runId, incarnation } = live.run.head;
  let failure: unknown = null;
  const words = await Promise.all(
    [...draftsOf(live)].map(async ([limit, draft]): Promise<SlotWord> => {
      try {
        const order = { holder: { dagId, runId, incarnation }, ...draft };
        const answer = await env.SLOT.getByName(limit).exchange(order);
        settleDraft(live, draft);
        return { limit, ...answer };
      } catch (error) {
        failure = error;
        const reason = `${limit} could not be asked for slots; this is repeated.`;
        return { limit, granted: [], waiting: draft.request.map(({ ord, ask }) => ({ ord, ask, reason })), gone: [] };
      }
    }),
  );
  return { words, failure };
}

/** Everything that a run which is deleted holds and waits for. */
export function releaseAll(live: LiveRun): void {
  for (const { ord } of live.run.instances) {
    const asked = askOf(live.run, ord);
    for (const { limit, ref } of heldSlots(live.run, ord)) live.slotReleases.add({ limit: limit.name, ...ref });
    if (asked !== undefined) live.slotReleases.add({ limit: asked.limit.name, ord, ask: asked.request.ask });
  }
  live.slotAsks.clear();
  live.slotRenewals.clear();
}

function draftsOf(live: LiveRun): Map<string, Draft> {
  const { run, slotAsks, slotRenewals, slotReleases } = live;
  const drafts = new Map<string, Draft>();
  const draft = (name: string, limit: SlotLimit | null): Draft => {
    const known = drafts.get(name) ?? { limit: ownSize(run.head, limit), release: [], request: [], renew: [] };
    drafts.set(name, known);
    return known;
  };
  for (const ord of slotAsks) {
    const asked = askOf(run, ord);
    if (asked === undefined) slotAsks.delete(ord);
    else draft(asked.limit.name, asked.limit).request.push(asked.request);
  }
  for (const ord of slotRenewals) {
    const held = heldSlots(run, ord);
    if (held.length === 0) slotRenewals.delete(ord);
    for (const { limit, ref } of held) draft(limit.name, limit).renew.push(ref);
  }
  for (const release of slotReleases) draft(release.limit, null).release.push(release);
  return drafts;
}

function ownSize({ queuedAt }: DagRunHead, limit: SlotLimit | null): SlotOrder["limit"] {
  return limit?.limit == null ? null : { slots: limit.limit, at: queuedAt };
}

/** Said and heard. Who asks for something else by now still has to. */
function settleDraft(live: LiveRun, { release, request, renew }: Draft): void {
  for (const one of release) live.slotReleases.delete(one);
  for (const { ord, ask } of request) {
    const asked = askOf(live.run, ord);
    if (asked === undefined || asked.request.ask === ask) live.slotAsks.delete(ord);
  }
  for (const { ord } of renew) live.slotRenewals.delete(ord);
}
