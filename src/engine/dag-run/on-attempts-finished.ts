/**
 * @module Reports of attempts. All of one event are applied in their order before anything behind them is decided, but for the tasks of a segment. A report with a stale token changes nothing.
 */
import { continueSegment } from "./segment.ts";
import { finishAttempt } from "./finish-attempt.ts";
import { openAttemptOf } from "./tokens.ts";
import { startRunning } from "./dispatch.ts";
import type { Handler } from "./handlers.ts";

export const onAttemptsFinished: Handler<"attempts-finished"> = (ctx, { reports }) => {
  // The driver's clock may be off: what counts is how long before its last report each attempt ended.
  const lastEndedAt = Math.max(...reports.map((report) => report.endedAt));
  for (const report of reports) {
    const { continuedBy } = report;
    const instance = openAttemptOf(ctx.run, report.token);
    if (instance === undefined) {
      ctx.stale.push(report.token);
      if (continuedBy !== undefined) ctx.stale.push(continuedBy);
      continue;
    }
    const { nonce } = instance;
    // The token is right but its claim never came: the report itself says that the attempt ran.
    if (instance.state === "queued") startRunning(ctx, instance, ctx.input.leases.runningMs);
    finishAttempt(ctx, instance, report, ctx.now - Math.max(0, lastEndedAt - report.endedAt));
    if (continuedBy !== undefined && !continueSegment(ctx, instance, nonce, continuedBy)) ctx.stale.push(continuedBy);
  }
};
