/**
 * @module DAGs that start runs of another one.
 */
import { dag, p, task, triggerDag } from "airflare";

const work = task("work", async ({ day, fail }: { day: string; fail: boolean }) => {
  if (fail) throw new Error("asked to fail");
  return `worked on ${day}`;
});

export const triggered = dag(
  "triggered",
  { schedule: null, params: { day: p.string({ default: "none" }), fail: p.bool({ default: false }) } },
  ({ params }) => void work({ day: params.day, fail: params.fail }),
);

const after = task("after", async ({ runId }: { runId: string }) => runId);

export const triggers = dag("triggers", { schedule: null }, () => {
  after({ runId: triggerDag("kick", triggered, { day: "{{ ds }}" }) });
});

export const triggersAndWaits = dag("triggers_and_waits", { schedule: null }, () => {
  after({ runId: triggerDag("kick", "triggered", { day: "{{ ds }}" }, { wait: true, logicalDate: "{{ ts }}" }) });
  triggerDag("kick_failing", triggered, { fail: true }, { wait: true });
});

export const triggersById = dag("triggers_by_id", { schedule: null }, () => {
  const options = { triggerRunId: "by_id", logicalDate: new Date("2020-01-01T00:00:00Z") };
  const first = triggerDag("first", triggered, {}, { ...options, wait: true });
  triggerDag("again", triggered, {}, options).after(first);
  triggerDag("reset", triggered, {}, { ...options, wait: true, resetDagRun: true }).after(first);
  triggerDag("skipped", triggered, {}, { ...options, skipWhenAlreadyExists: true }).after(first);
  triggerDag("unknown", "no_such_dag").after(first);
  triggerDag("bad_conf", "triggered", { fail: "no" }).after(first);
});
