/**
 * @module What a run costs in its DAG's storage however many runs there are: each question about runs is answered by an index.
 */
import { expect, test } from "vitest";
import { DagHostWorld } from "../../../support/dag-host-world.ts";
import { aDagSpec, aTaskSpec } from "../../../support/spec-builders.ts";

const hourly = { kind: "cron-data-interval", cron: "0 * * * *", timezone: "UTC" } as const;

test.each([
  ["triggered", aDagSpec({ dagId: "dag", tasks: [aTaskSpec({ taskId: "a" })] })],
  ["scheduled", aDagSpec({ dagId: "dag", schedule: hourly, tasks: [aTaskSpec({ taskId: "a" })] })],
])("making and ending runs of a %s DAG reads no table of runs from end to end", async (_kind, spec) => {
  const w = new DagHostWorld(spec);
  const statements = new Set<string>();
  const exec = w.sql.exec.bind(w.sql);
  w.sql.exec = (statement, ...bindings) => {
    statements.add(statement);
    return exec(statement, ...bindings);
  };
  const { runId } = await w.trigger({ logicalDate: w.now });
  await w.push(runId, "running");
  w.now += 3_600_000;
  await w.host.alarm();
  await w.push(runId, "success", { a: 20 });
  w.sql.exec = exec;

  const ofRuns = [...statements].filter((statement) => /FROM run\b/.test(statement));
  expect(ofRuns.length).toBeGreaterThan(5);
  const plans = ofRuns.flatMap((statement) =>
    w.sql.exec(`EXPLAIN QUERY PLAN ${statement}`).map(({ detail }) => `${String(detail)}: ${statement}`),
  );
  expect(plans.filter((plan) => /^SCAN run\b/.test(plan))).toEqual([]);
});
