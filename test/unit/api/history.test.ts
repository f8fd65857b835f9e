/**
 * @module The rebuild of the history over HTTP: its words on the wire.
 */
import { expect, test } from "vitest";
import { FakeDeployment } from "../../support/api-fakes.ts";

test("a page is asked for by cursor and answered with counts", async () => {
  const deployment = new FakeDeployment([]);
  const ask = async (body: unknown): Promise<unknown> =>
    (await deployment.request("POST", "/api/airflare/v1/history/rebuild", body)).json();
  expect(await ask({})).toEqual({
    cursor: '["etl","r9"]',
    dags: 1,
    dags_restored: 0,
    dag_runs: 10,
    dag_runs_restored: 4,
    dag_runs_removed: 1,
  });
  expect(await ask({ cursor: '["etl","r9"]', all: true })).toMatchObject({ cursor: null });
  expect(deployment.rebuilt).toEqual([null, '["etl","r9"]']);
});

test("an unknown field is refused", async () => {
  const answer = await new FakeDeployment([]).request("POST", "/api/airflare/v1/history/rebuild", { force: true });
  expect(answer.status).toBe(422);
});
