/**
 * @module Pattern "SLA Monitoring": whose SLA counts, when its miss is told and with what, once; deadlines of whole runs.
 */
import { dag, task } from "airflare";
import { testDag } from "airflare/testing";
import { expect, test } from "vitest";
import { slaMonitoring } from "../../dags/sla_monitoring.ts";

test("a task's own sla comes before that of default_args, and a callback in default_args is the DAG's", () => {
  expect(slaMonitoring.getTask("critical_task")?.slaMs).toBe(1_800_000);
  expect(slaMonitoring.getTask("report")?.slaMs).toBe(7_200_000);
  expect(slaMonitoring.spec.callbacks).toContain("sla_miss");
  expect(slaMonitoring.spec.warnings).toEqual([]);
});

test("a missed SLA is told once, with Airflow's texts, and stops no task; so is a missed deadline", async () => {
  const run = await testDag(slaMonitoring, { params: { late: true } });
  expect(run.state).toBe("success");
  const lines = run.log.map(({ message }) => message);
  expect(lines.filter((line) => line.startsWith("SLA missed for"))).toEqual([
    expect.stringMatching(/^SLA missed for critical_task at \d{4}-.*Z$/),
  ]);
  const on = String.raw`on \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?\+00:00`;
  const texts = new RegExp(
    `^sla_monitoring is late:\ncritical_task ${on}\nwaiting for:\ncritical_task ${on}\nreport ${on}$`,
  );
  expect(lines).toContainEqual(expect.stringMatching(texts));
  expect(lines.filter((line) => line.includes("is not through by"))).toHaveLength(1);
  expect(run.metrics).toContainEqual(
    expect.objectContaining({ name: "sla_missed", tags: { dag_id: "sla_monitoring", task_id: "critical_task" } }),
  );
});

test("a run in time tells nobody", async () => {
  const run = await testDag(slaMonitoring);
  expect(run.log.filter(({ message }) => /SLA|through by/.test(message))).toEqual([]);
});

test("the addresses of late tasks get a mail; an error in the callback is logged, counted, and changes nothing", async () => {
  const late = task(
    "late",
    { sla: "1m", retries: 1, retryDelay: "5m", email: "a@example.com; b@example.com" },
    async (_: {}, { ti }) => {
      if (ti.tryNumber === 1) throw new Error("no");
    },
  );
  const thrower = dag(
    "thrower",
    {
      schedule: null,
      slaRuns: "all",
      slaMissCallback: () => {
        throw new Error("pager is down");
      },
    },
    () => void late(),
  );
  const run = await testDag(thrower);
  expect(run.state).toBe("success");
  expect(run.mails).toEqual([
    { about: "retry", taskId: "late", mapIndex: -1, to: ["a@example.com", "b@example.com"] },
    { about: "sla", taskId: null, mapIndex: -1, to: ["a@example.com", "b@example.com"] },
  ]);
  expect(run.log.some(({ message }) => message.includes("pager is down"))).toBe(true);
  expect(run.metrics.map(({ name }) => name)).toContain("sla_callback_notification_failure");
});

test("runs by hand have no SLA unless the DAG says so", async () => {
  const late = task("late", { sla: "1m", retries: 1, retryDelay: "5m" }, async (_: {}, { ti }) => {
    if (ti.tryNumber === 1) throw new Error("no");
  });
  const told: string[] = [];
  const slaMissCallback = (_dag: object, taskList: string): void => void told.push(taskList);
  await testDag(dag("scheduled_only", { schedule: null, slaMissCallback }, () => void late()));
  expect(told).toEqual([]);
});
