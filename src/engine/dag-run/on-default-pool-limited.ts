/**
 * @module `default_pool` has a size now, or has none any more. What is open goes on as it is; whatever is opened from now on needs slots, or none.
 */
import { noteAsking, pushReady } from "./run-index.ts";
import { dropSlots } from "./held-slots.ts";
import { instanceAt } from "./step-context.ts";
import type { Handler } from "./handlers.ts";

export const onDefaultPoolLimited: Handler<"default-pool-limited"> = (ctx, { limited }) => {
  const { run, index } = ctx;
  if (run.limitsDefaultPool === limited) return;
  run.limitsDefaultPool = limited;
  index.limitsDefaultPool = limited;
  ctx.headChanged = true;
  // Everybody who waits starts anew: under the other rule, the slot waited for may not be needed at all.
  const waiting = [...index.asking.keys(), ...index.wanting.map((entry) => entry.value)];
  index.wanting.length = 0;
  for (const ord of new Set(waiting)) {
    const instance = instanceAt(run, ord);
    if (instance.state !== "scheduled") continue;
    dropSlots(ctx, instance);
    noteAsking(index, instance, null);
    pushReady(index, instance);
  }
};
