/**
 * @module Many DAGs due in one minute: some hundred are woken by the clock itself, the rest by messages; only the due ones, each once.
 */
import { beforeAll, expect, test } from "vitest";
import { handleScheduled } from "../../../src/cloudflare/dag/cron.ts";
import type { DagApi } from "../../../src/model/protocol.ts";
import type { TaskMessage } from "../../../src/model/task-message.ts";
import { dagIndex } from "../../support/worker-dag-index.ts";
import { workerEnv } from "../../support/worker-runs.ts";

const AT = Date.parse("2026-01-05T10:00:00Z");

beforeAll(async () => {
  const rows = Array.from({ length: 1_000 }, (_, i) => [
    `many_${i}`,
    i < 550 ? AT - 1_000 : AT + 600_000,
    i < 3 ? 1 : null,
  ]);
  const columns =
    "dag_id, due_at, check_at, relative_fileloc, owners, timetable_kind, max_active_tasks, max_active_runs, max_consecutive_failed_dag_runs, spec_hash, version_number, last_parsed_at";
  const sql = `INSERT INTO dag (${columns}) SELECT value ->> 0, value ->> 1, value ->> 2, 'f.ts', '', 'cron-trigger', 16, 16, 0, 'h', 1, 1 FROM json_each(?)`;
  await workerEnv.DB.prepare("UPDATE dag SET due_at = NULL").run();
  await workerEnv.DB.prepare(sql).bind(JSON.stringify(rows)).run();
});

test("550 of 1,000 DAGs are due", async () => {
  const ticked: string[] = [];
  const swept: string[] = [];
  const sent: TaskMessage[] = [];
  const object = (dagId: string): Pick<DagApi, "tick" | "sweep"> => ({
    tick: async () => {
      ticked.push(dagId);
      if (dagId === "many_1") throw new Error("object reset");
      return { created: 0 };
    },
    sweep: async () => void swept.push(dagId),
  });
  const env = {
    ...workerEnv,
    DB: workerEnv.DB,
    DAG: { getByName: object },
    ISOLATE_QUEUE: {
      sendBatch: async (messages: Iterable<{ body: TaskMessage }>) =>
        void sent.push(...[...messages].map(({ body }) => body)),
    },
  } as unknown as typeof workerEnv;
  const work: Promise<unknown>[] = [];
  await handleScheduled({ scheduledTime: AT }, env, { waitUntil: (promise) => work.push(promise) }, dagIndex);
  await Promise.all(work);
  const paged = sent.flatMap((message) => (message.kind === "dag-tick-page" ? message.dagIds : []));
  expect([ticked.length, paged.length, new Set([...ticked, ...paged]).size]).toEqual([200, 350, 550]);
  expect(swept.toSorted()).toEqual(["many_0", "many_1", "many_2"]);
});
