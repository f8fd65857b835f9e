/**
 * @module Reports of attempts. All of one event are applied in their order before anything behind them is decided. A report with a stale token changes nothing.
 */
import { finishAttempt } from "./finish-attempt.ts";
import { openAttemptOf } from "./tokens.ts";
import { startRunning } from "./dispatch.ts";
import type { Handler } from "./handlers.ts";

export const onAttemptsFinished: Handler<"attempts-finished"> = (ctx, { reports }) => {
  for (const report of reports) {
    const instance = openAttemptOf(ctx.run, report.token);
    if (instance === undefined) {
      ctx.stale.push(report.token);
      continue;
    }
    // The token is right but its claim never came: the report itself says that the attempt ran.
    if (instance.state === "queued") startRunning(ctx, instance, ctx.input.leases.runningMs);
    finishAttempt(ctx, instance, report);
  }
};
