/**
 * @module Mirror writes in real D1: guarded, grouped, paged.
 */
import { expect, test } from "vitest";
import { pushRows } from "../../../src/cloudflare/history/mirror-rows.ts";
import { HistoryWriter } from "../../../src/cloudflare/history/writer.ts";
import type { TaskInstanceView } from "../../../src/model/protocol.ts";
import type { DagRunState } from "../../../src/model/state.ts";
import { aDagRunHead } from "../../support/spec-builders.ts";
import { aPush, aView } from "../../support/history-pushes.ts";
import { workerEnv } from "../../support/worker-runs.ts";

const writer = new HistoryWriter(workerEnv.DB);

function rows(
  runId: string,
  seq: number,
  state: DagRunState,
  over: { incarnation?: string; instances?: TaskInstanceView[] } = {},
) {
  const head = aDagRunHead({ dagId: "writer", runId, seq, state, incarnation: over.incarnation ?? "i1" });
  return pushRows(aPush(head, over.instances), null, 1);
}

async function stateOf(runId: string): Promise<unknown> {
  return await workerEnv.DB.prepare("SELECT state FROM dag_run WHERE dag_id = 'writer' AND run_id = ?")
    .bind(runId)
    .first("state");
}

test("an older seq never overwrites a newer one, in whatever order they come", async () => {
  await writer.write(rows("guarded", 5, "success", { instances: [aView("a", 5, "success")] }));
  await writer.write(rows("guarded", 3, "running", { instances: [aView("a", 3, "running")] }));
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
  const instances = Array.from({ length: 2_500 }, (_, i) => aView("mapped", 1, "success", { ord: i, mapIndex: i }));
  await writer.write(rows("large", 1, "success", { instances }));
  expect(await workerEnv.DB.prepare("SELECT count(*) AS n FROM task_instance WHERE run_id = 'large'").first("n")).toBe(
    2_500,
  );
});

test("a block takes the place of the one before as a whole, so that an expanded task's placeholder goes", async () => {
  await writer.write(
    rows("mapped", 1, "running", { instances: [aView("each", 1, "none"), aView("b", 1, "none", { ord: 1 })] }),
  );
  const expanded = [0, 1].map((mapIndex) => aView("each", 2, "success", { mapIndex, ord: mapIndex * 2 }));
  await writer.write(rows("mapped", 2, "running", { instances: [...expanded, aView("b", 1, "none", { ord: 1 })] }));
  const left = await workerEnv.DB.prepare(
    "SELECT task_id, map_index FROM task_instance WHERE run_id = 'mapped' ORDER BY task_id, map_index",
  ).all();
  expect(left.results).toEqual([
    { task_id: "b", map_index: -1 },
    { task_id: "each", map_index: 0 },
    { task_id: "each", map_index: 1 },
  ]);
});

test("a new life of a run id has its own time, whatever the life before had", async () => {
  const at = (runAfter: number, seq: number, incarnation: string) =>
    pushRows(aPush(aDagRunHead({ dagId: "writer", runId: "again", runAfter, seq, incarnation })), null, 1);
  await writer.write(at(100, 5, "i1"));
  await writer.write(at(200, 0, "i2"));
  const row = await workerEnv.DB.prepare("SELECT run_after, seq FROM dag_run WHERE run_id = 'again'").first();
  expect(row).toEqual({ run_after: 200, seq: 0 });
});

test("a chain of ten tasks with its run is 5 rows written, first when it is made, then when it has ended", async () => {
  let written = 0;
  const counted = new Proxy(workerEnv.DB, {
    get: (db, name) => {
      if (name !== "batch") return db.prepare.bind(db);
      return async (statements: D1PreparedStatement[]) => {
        const results = await db.batch(statements);
        for (const { meta } of results) written += meta.rows_written;
        return results;
      };
    },
  });
  const billed = new HistoryWriter(counted);
  await billed.write(rows("billed", 0, "queued"));
  const instances = Array.from({ length: 10 }, (_, ord) => aView(`t${ord}`, 2, "success", { ord }));
  await billed.write(rows("billed", 2, "success", { instances }));
  expect(written).toBe(5);
});
