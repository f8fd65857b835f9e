/**
 * @module DAGs of the worker tests that wait: for each other, for a while, for a trigger.
 */
import {
  AirflowFailException,
  dag,
  done,
  externalTask,
  externalTaskTrigger,
  sensor,
  task,
  TaskDeferred,
  taskGroup,
  timeDeltaTrigger,
} from "../../../src/index.ts";

/** Tasks that are held until they are let go, by `run/task`; and those that fail. */
export const held = new Set<string>();
export const broken = new Set<string>();
/** How often each sensor poked true or false, by run. */
export const pokes = new Map<string, number>();

async function untilLetGo(name: string): Promise<void> {
  while (held.has(name)) await new Promise((resolve) => setTimeout(resolve, 10));
}

const step = task("step", async (_: object, { ti }) => {
  const name = `${ti.runId}/${ti.taskId}`;
  await untilLetGo(name);
  if (broken.has(name)) throw new AirflowFailException("broken");
});

/** What others wait for: `first`, then a group, then `last`. */
export const awaited = dag("awaited", { schedule: null }, () => {
  const first = step.with({ id: "first" })();
  const group = taskGroup("load", () => ({ a: step.with({ id: "a" })(), b: step.with({ id: "b" })() }));
  const last = step.with({ id: "last" })();
  first.before(group);
  last.after(group);
});

const SLOW = { dag: awaited, pokeInterval: "1h", timeout: "1d" } as const;

export const waitsForTask = dag("waits_for_task", { schedule: null }, () => {
  externalTask("wait", { ...SLOW, task: "first" });
});
export const waitsForGroup = dag("waits_for_group", { schedule: null }, () => {
  externalTask("wait", { ...SLOW, group: "load" });
});
export const waitsForRun = dag("waits_for_run", { schedule: null }, () => {
  externalTask("wait", { ...SLOW, failedStates: ["failed"] });
});
export const waitsForTwoDays = dag("waits_for_two_days", { schedule: null }, () => {
  const day = 86_400_000;
  const executionDateFn = (date: Date) => [date, new Date(date.getTime() - day)];
  externalTask("wait", { ...SLOW, tasks: ["first", "last"], executionDateFn });
});
export const waitsInTime = dag("waits_in_time", { schedule: null }, () => {
  externalTask("wait", { dag: awaited, task: "first", executionDelta: "1d", timeout: "2s", softFail: true });
});

export const pokesThrice = dag("pokes_thrice", { schedule: null }, () => {
  sensor("wait", { pokeInterval: "1s", timeout: "1h" }, async (_: object, { runId }) => {
    const count = (pokes.get(runId) ?? 0) + 1;
    pokes.set(runId, count);
    return count > 3 ? done(count) : false;
  })();
});

const deferring = task(
  "deferring",
  { resume: { after: async (_: object, ctx) => ({ ...ctx.resumed?.kwargs, event: ctx.resumed?.event }) } },
  async (_: object, ctx) => {
    const trigger = externalTaskTrigger({
      dag: "awaited",
      task: "first",
      logicalDates: [ctx.logicalDate],
      pollInterval: "1h",
    });
    throw new TaskDeferred({ trigger, method: "after", kwargs: { from: ctx.runId } });
  },
);
export const defersForTask = dag("defers_for_task", { schedule: null }, () => {
  deferring();
});

const sleeping = task("sleeping", async (_: object, ctx) => {
  if (ctx.resumed === undefined) throw new TaskDeferred({ trigger: timeDeltaTrigger("2s"), kwargs: { n: 7n } });
  return ctx.resumed.kwargs["n"];
});
export const defersForAWhile = dag("defers_for_a_while", { schedule: null }, () => {
  sleeping();
});
