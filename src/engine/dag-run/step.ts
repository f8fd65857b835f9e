/**
 * @module One event into one run: `step()` is the whole engine as the run's object sees it.
 */
import { closeStep, openStep } from "./step-context.ts";
import { handle } from "./handlers.ts";
import { nextMissAt, tellMissed } from "./deadlines.ts";
import { settle } from "./settle.ts";
import type { DagRun } from "../../model/dag-run.ts";
import type { StepInput } from "../../model/event.ts";
import type { StepResult } from "../../model/command.ts";

/**
 * Takes one event, changes `run` in place and says what changed and what is to be done. Same run, same input: same result.
 * A repeated event changes nothing. Throws `InvariantError` when the run is broken; the run in memory is then to be thrown away.
 */
export function step(run: DagRun, input: StepInput): StepResult {
  const ctx = openStep(run, input);
  tellMissed(ctx);
  handle(ctx, input.event);
  settle(ctx);
  return closeStep(ctx, nextMissAt(run));
}
