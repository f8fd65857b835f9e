/**
 * @module Pattern "SLA Monitoring": open. What is written is kept, and a load warning says that it has no effect yet.
 */
import { dag, task } from "airflare";
import { expect, test } from "vitest";

test("sla and slaMissCallback are kept and named in load warnings until SLAs are checked", () => {
  const critical = task("critical_task", { sla: "30m" }, async () => {});
  const monitored = dag(
    "monitored",
    { schedule: "@daily", defaultArgs: { sla: "2h", slaMissCallback: () => {} } },
    () => {
      critical();
    },
  );
  expect(monitored.getTask("critical_task")?.slaMs).toBe(1_800_000);
  expect(monitored.spec.callbacks).toContain("sla_miss");
  expect(
    monitored.spec.warnings.filter((warning) => /option sla(MissCallback)? has no effect yet/.test(warning)),
  ).toHaveLength(3);
});
