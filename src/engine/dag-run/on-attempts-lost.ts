/**
 * @module A driver or the dead-letter consumer gives attempts up.
 */
import { loseAttempt } from "./lose-attempt.ts";
import { openAttemptOf } from "./tokens.ts";
import type { Handler } from "./handlers.ts";

export const onAttemptsLost: Handler<"attempts-lost"> = (ctx, { tokens, reason }) => {
  for (const token of tokens) {
    const instance = openAttemptOf(ctx.run, token);
    if (instance === undefined) ctx.stale.push(token);
    else loseAttempt(ctx, instance, reason);
  }
};
