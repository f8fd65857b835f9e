/**
 * @module Mirror writes in real D1: guarded, grouped, paged.
 */
import { expect, test } from "vitest";
import { pushRows } from "../../../src/cloudflare/history/mirror-rows.ts";
import { HistoryWriter } from "../../../src/cloudflare/history/writer.ts";
import type { TaskInstanceView } from "../../../src/model/protocol.ts";
import type { DagRunState, TaskInstanceState } from "../../../src/model/state.ts";
import { aDagRunHead } from "../../support/spec-builders.ts";
import { workerEnv } from "../../support/worker-runs.ts";

const writer = new HistoryWriter(workerEnv.DB);

function rows(
  runId: string,
  seq: number,
  state: DagRunState,
  over: { incarnation?: string; instances?: TaskInstanceView[] } = {},
) {
  const head = aDagRunHead({ dagId: "writer", runId, seq, state, incarnation: over.incarnation ?? "i1" });
  const push = { callId: "", head, endReason: null, instances: over.instances ?? [], tries: [], durations: {} };
  return pushRows(push, null, 1);
}

function instance(taskId: string, seq: number, state: TaskInstanceState): TaskInstanceView {
  const zero = {
    scheduledAt: 0,
    queuedAt: 0,
    startedAt: 0,
    endedAt: 0,
    dueAt: 0,
    sends: 0,
    losses: 0,
    firstPokedAt: 0,
    pokes: 0,
  };
  const texts = { note: null, error: null, renderedMapIndex: null };
  return {
    ord: 0,
    taskId,
    mapIndex: -1,
    state,
    seq,
    tryNumber: 1,
    maxTries: 1,
    flags: 0,
    elapsedMs: 0,
    ...zero,
    ...texts,
  };
}

async function stateOf(runId: string): Promise<unknown> {
  return await workerEnv.DB.prepare("SELECT state FROM dag_run WHERE dag_id = 'writer' AND run_id = ?")
    .bind(runId)
    .first("state");
}

test("an older seq never overwrites a newer one, in whatever order they come", async () => {
  await writer.write(rows("guarded", 5, "success", { instances: [instance("a", 5, "success")] }));
  await writer.write(rows("guarded", 3, "running", { instances: [instance("a", 3, "running")] }));
  expect(await stateOf("guarded")).toBe("success");
  expect(await workerEnv.DB.prepare("SELECT state FROM task_instance WHERE run_id = 'guarded'").first("state")).toBe(
    "success",
  );
  await writer.write(rows("guarded", 6, "failed"));
  expect(await stateOf("guarded")).toBe("failed");
});

test("a later incarnation takes the row over with any seq; the earlier one never comes back", async () => {
  await writer.write(rows("reborn", 9, "success", { incarnation: "i1" }));
  await writer.write(rows("reborn", 1, "running", { incarnation: "i2" }));
  await writer.write(rows("reborn", 99, "failed", { incarnation: "i1" }));
  expect(await stateOf("reborn")).toBe("running");
});

test("writes asked for at once go out together: the first alone, the rest in one batch", async () => {
  let batches = 0;
  const counted = new Proxy(workerEnv.DB, {
    get: (db, name) => {
      if (name === "batch") {
        return (statements: D1PreparedStatement[]) => {
          batches++;
          return db.batch(statements);
        };
      }
      return db.prepare.bind(db);
    },
  });
  const grouped = new HistoryWriter(counted);
  await Promise.all(Array.from({ length: 20 }, (_, i) => grouped.write(rows(`grouped-${i}`, 1, "success"))));
  expect(batches).toBe(2);
  expect(await stateOf("grouped-19")).toBe("success");
});

test("2,500 instances of one run fit, in pages", async () => {
  const instances = Array.from({ length: 2_500 }, (_, i) => ({
    ...instance("mapped", 1, "success"),
    ord: i,
    mapIndex: i,
  }));
  await writer.write(rows("large", 1, "success", { instances }));
  expect(await workerEnv.DB.prepare("SELECT count(*) AS n FROM task_instance WHERE run_id = 'large'").first("n")).toBe(
    2_500,
  );
});

test("the row of a mapped task that was not expanded yet gives way to those of its instances", async () => {
  const expanded = [0, 1].map((mapIndex) => ({ ...instance("each", 2, "success"), mapIndex, ord: mapIndex }));
  await writer.write(
    rows("mapped", 1, "running", { instances: [instance("each", 1, "none"), instance("b", 1, "none")] }),
  );
  await writer.write(rows("mapped", 2, "running", { instances: expanded }));
  const left = await workerEnv.DB.prepare(
    "SELECT task_id, map_index FROM task_instance WHERE run_id = 'mapped' ORDER BY task_id, map_index",
  ).all();
  expect(left.results).toEqual([
    { task_id: "b", map_index: -1 },
    { task_id: "each", map_index: 0 },
    { task_id: "each", map_index: 1 },
  ]);
});
