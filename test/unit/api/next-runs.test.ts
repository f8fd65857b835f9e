/**
 * @module The next runs of a stored DAG and of a schedule in the query, on the wire.
 */
import { expect, test } from "vitest";
import { aDagSpec } from "../../support/spec-builders.ts";
import { FakeDeployment } from "../../support/api-fakes.ts";

const NEW_YORK = { kind: "cron-trigger", crons: ["30 2 * * *"], timezone: "America/New_York" } as const;

async function ask(
  path: string,
): Promise<{ status: number; body: { next_runs: Record<string, unknown>[]; detail?: unknown } }> {
  const deployment = new FakeDeployment([
    aDagSpec({ dagId: "etl", schedule: NEW_YORK }),
    aDagSpec({ dagId: "by_hand" }),
  ]);
  deployment.now = Date.parse("2026-03-07T12:00:00Z");
  const answer = await deployment.request("GET", `/api/airflare/v1/${path}`);
  return { status: answer.status, body: await answer.json() };
}

test("a DAG's next runs carry local time, interval and what the clocks do", async () => {
  const { body } = await ask("dags/etl/nextRuns?limit=2");
  expect(body.next_runs).toEqual([
    {
      run_after: "2026-03-08T07:30:00Z",
      logical_date: "2026-03-08T07:30:00Z",
      data_interval_start: "2026-03-08T07:30:00Z",
      data_interval_end: "2026-03-08T07:30:00Z",
      local_time: "2026-03-08T03:30:00-04:00",
      clock_change: "moved",
    },
    expect.objectContaining({ run_after: "2026-03-09T06:30:00Z", clock_change: null }),
  ]);
});

test("a DAG without a schedule has none; an unknown one is 404", async () => {
  expect((await ask("dags/by_hand/nextRuns")).body.next_runs).toEqual([]);
  expect((await ask("dags/nope/nextRuns")).status).toBe(404);
});

test.each([
  ["schedule=@daily&timezone=Europe/Berlin&limit=1", ["2026-03-08T00:00:00+01:00"]],
  ["schedule=0 9 * * 1&limit=2", ["2026-03-09T09:00:00+00:00", "2026-03-16T09:00:00+00:00"]],
  ["every=6h&limit=2", ["2026-03-07T18:00:00+00:00", "2026-03-08T00:00:00+00:00"]],
  ["schedule=0 0 30 2 *", []],
])("a schedule in the query: %s", async (query, times) => {
  const { body } = await ask(`nextRuns?${query.replaceAll(" ", "%20")}`);
  expect(body.next_runs.map((run) => run["local_time"])).toEqual(times);
});

test.each([
  ["", /either schedule or every/],
  ["schedule=@daily&every=6h", /either schedule or every/],
  ["schedule=61%20*%20*%20*%20*", /is refused/],
  ["schedule=@daily&timezone=Mars", /Mars/],
  ["every=soon", /soon/],
  ["every=1h&limit=0", /limit/],
])("refuses '%s'", async (query, why) => {
  const { status, body } = await ask(`nextRuns?${query}`);
  expect([status, JSON.stringify(body.detail)]).toEqual([422, expect.stringMatching(why)]);
});
