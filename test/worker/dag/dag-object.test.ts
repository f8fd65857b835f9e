/**
 * @module The DAG's object in real workerd: parallel creation, turns, ticks, and a history that equals the objects.
 */
import { env } from "cloudflare:workers";
import { evictDurableObject } from "cloudflare:test";
import { expect, test, vi } from "vitest";
import { dagRunObjectName } from "../../../src/model/ids.ts";
import type { DagSpec } from "../../../src/model/dag-spec.ts";
import type { CreateRunAnswer, CreateRunRequest } from "../../../src/model/protocol.ts";
import { aDagSpec, aTaskSpec } from "../../support/spec-builders.ts";
import { workerEnv } from "../../support/worker-runs.ts";

const HOURLY = { kind: "cron-trigger", crons: ["0 * * * *"], timezone: "UTC" } as const;
/** The platform's own view of the binding, for its test helpers. */
const { DAG } = env as unknown as { readonly DAG: DurableObjectNamespace };
let calls = 0;

/** A DAG of tasks that need no worker, known to its object. */
async function aDag(dagId: string, over: Partial<DagSpec> = {}): Promise<DagSpec> {
  const spec = aDagSpec({
    dagId,
    tasks: [aTaskSpec({ taskId: "a", kind: "empty", operatorName: "EmptyOperator" })],
    ...over,
  });
  await workerEnv.DAG.getByName(dagId).syncSpec(spec, `hash-${dagId}`);
  return spec;
}

function request(dagId: string, over: Partial<CreateRunRequest> = {}): CreateRunRequest {
  return {
    callId: `call-${++calls}`,
    specHash: `hash-${dagId}`,
    runId: null,
    runType: "manual",
    triggeredBy: "rest_api",
    triggeringUser: null,
    logicalDate: null,
    dataInterval: null,
    runAfter: null,
    conf: {},
    note: null,
    backfillId: null,
    returnExisting: false,
    ...over,
  };
}

/** As the API's handler: hands a created run to its object. */
async function trigger(dagId: string, over: Partial<CreateRunRequest> = {}): Promise<CreateRunAnswer> {
  const answer = await workerEnv.DAG.getByName(dagId).createRun(request(dagId, over));
  if (answer.kind === "created") {
    const { head } = answer.create;
    await workerEnv.DAG_RUN.getByName(dagRunObjectName(dagId, head.runId)).create({ ...answer.create, offer: null });
  }
  return answer;
}

interface HistoryRow {
  readonly run_id: string;
  readonly state: string;
  readonly incarnation: string;
}

async function historyOf(dagId: string): Promise<readonly HistoryRow[]> {
  const sql = "SELECT run_id, state, incarnation FROM dag_run WHERE dag_id = ? ORDER BY run_after, run_id";
  return (await workerEnv.DB.prepare(sql).bind(dagId).all<HistoryRow>()).results;
}

async function untilEnded(dagId: string, count: number): Promise<readonly HistoryRow[]> {
  return await vi.waitFor(
    async () => {
      const rows = await historyOf(dagId);
      expect(rows.map((row) => row.state)).toEqual(Array.from({ length: count }, () => "success"));
      return rows;
    },
    { timeout: 10_000 },
  );
}

test("50 parallel identical creates make one run", async () => {
  await aDag("identical");
  const answers = await Promise.all(
    Array.from({ length: 50 }, () => trigger("identical", { runId: "one", returnExisting: true })),
  );
  const kinds = answers.map((answer) => answer.kind);
  expect(kinds.filter((kind) => kind === "created")).toHaveLength(1);
  expect(kinds.filter((kind) => kind === "existing")).toHaveLength(49);
  const rows = await untilEnded("identical", 1);
  const head = await workerEnv.DAG_RUN.getByName(dagRunObjectName("identical", "one")).readHead();
  expect(rows[0]).toMatchObject({ run_id: "one", incarnation: head?.incarnation });
});

test("a logical date belongs to one run, however many ask at once", async () => {
  await aDag("dated");
  const logicalDate = Date.parse("2026-01-01T00:00:00Z");
  const answers = await Promise.all(
    Array.from({ length: 10 }, (_, i) => trigger("dated", { runId: `r${i}`, logicalDate })),
  );
  expect(answers.filter((answer) => answer.kind === "created")).toHaveLength(1);
  expect(
    answers.filter((answer) => answer.kind === "refused" && answer.error.code === "run_already_exists"),
  ).toHaveLength(9);
});

test("of two triggers at once under max_active_runs 1 one runs and one waits for it, and both end", async () => {
  await aDag("single", { maxActiveRuns: 1 });
  const object = workerEnv.DAG.getByName("single");
  const answers = await Promise.all([object.createRun(request("single")), object.createRun(request("single"))]);
  const creates = answers.flatMap((answer) => (answer.kind === "created" ? [answer.create] : []));
  expect(creates.map((create) => create.start).toSorted()).toEqual([false, true]);
  const waiting = creates.find((create) => !create.start);
  const running = creates.find((create) => create.start);
  if (waiting === undefined || running === undefined) throw new Error("one of each was made");
  const run = (runId: string) => workerEnv.DAG_RUN.getByName(dagRunObjectName("single", runId));
  await run(waiting.head.runId).create({ ...waiting, offer: null });
  expect((await run(waiting.head.runId).readHead())?.state).toBe("queued");
  await run(running.head.runId).create({ ...running, offer: null });
  await untilEnded("single", 2);
});

test("runs of a paused DAG wait, and run when it is unpaused", async () => {
  await aDag("paused", { isPausedUponCreation: true });
  await trigger("paused", { runId: "waits" });
  const run = workerEnv.DAG_RUN.getByName(dagRunObjectName("paused", "waits"));
  expect((await run.readHead())?.state).toBe("queued");
  await workerEnv.DAG.getByName("paused").setPaused(false);
  await untilEnded("paused", 1);
});

test("two ticks of the same minute at once make one scheduled run, also over an eviction", async () => {
  await aDag("hourly", { schedule: HOURLY, startDate: Date.parse("2026-01-01T00:00:00Z") });
  const object = workerEnv.DAG.getByName("hourly");
  const dueAt = Date.parse("2026-01-02T02:00:00Z");
  const ticks = await Promise.all([object.tick(dueAt), object.tick(dueAt)]);
  expect(ticks.map((tick) => tick.created).toSorted()).toEqual([0, 1]);
  await untilEnded("hourly", 1);
  await evictDurableObject(DAG.getByName("hourly"));
  expect(await workerEnv.DAG.getByName("hourly").tick(dueAt)).toEqual({ created: 0 });
  expect((await historyOf("hourly")).map((row) => row.run_id)).toEqual(["scheduled__2026-01-02T02:00:00+00:00"]);
});

test("the task instances of an ended run are in the history with operator and version", async () => {
  await aDag("mirrored");
  await trigger("mirrored", { runId: "one" });
  await untilEnded("mirrored", 1);
  const row = await workerEnv.DB.prepare("SELECT * FROM task_instance WHERE dag_id = 'mirrored'").first();
  expect(row).toMatchObject({
    task_id: "a",
    state: "success",
    operator_name: "EmptyOperator",
    version_number: 1,
    pool: "default_pool",
  });
});

test("a deleted run is gone, and its id may be used again", async () => {
  await aDag("deleted");
  await trigger("deleted", { runId: "one" });
  await untilEnded("deleted", 1);
  expect(await workerEnv.DAG.getByName("deleted").deleteRun("one")).toBe(true);
  expect(await workerEnv.DAG_RUN.getByName(dagRunObjectName("deleted", "one")).readHead()).toBeNull();
  expect((await trigger("deleted", { runId: "one" })).kind).toBe("created");
  await untilEnded("deleted", 1);
});

test("depends_on_past: the second run goes on when the first run's task is done", async () => {
  const sleeping = aTaskSpec({ taskId: "a", kind: "empty", dependsOnPast: true });
  await aDag("past", { tasks: [sleeping], isPausedUponCreation: true });
  const dates = ["2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"].map((text) => Date.parse(text));
  for (const logicalDate of dates)
    await trigger("past", { runId: `r${logicalDate}`, logicalDate, runAfter: dates[0] ?? 0 });
  await workerEnv.DAG.getByName("past").setPaused(false);
  await untilEnded("past", 2);
});
