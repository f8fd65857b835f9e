/**
 * @module Orders of runs to limits, for tests of the objects of limits.
 */
import type { SlotHolder, SlotOrder, SlotRequest } from "../../src/model/slot.ts";

export function aHolder(runId: string): SlotHolder {
  return { dagId: "dag", runId, incarnation: `i-${runId}` };
}

/** A request of one slot with the lowest priority. */
export function aRequest(ord: number, over: Partial<SlotRequest> = {}): SlotRequest {
  return { ord, ask: 1, slots: 1, priority: 1, since: 0, mapIndex: -1, ...over };
}

export function anOrder(runId: string, order: Partial<SlotOrder>): SlotOrder {
  return { holder: aHolder(runId), limit: null, release: [], request: [], renew: [], ...order };
}
