/**
 * @module Accepted: callbacks, SLA, metrics, XCom keys, connections, variables, pools.
 */
import { dag, task, typed } from "airflare";
class Postgres {
  readonly conn: { id: string; uri: string };
  constructor(conn: { id: string; uri: string }, _env: object) {
    this.conn = conn;
  }
  async query<T>(_sql: string, _args: unknown[]): Promise<T[]> {
    return [];
  }
}
const pull = task(
  "pull",
  {
    pool: "my_pool",
    sla: "30m",
    executionTimeout: "10m",
    xcom: typed<{ rows: number; maxId: bigint }>(),
    slaMissCallback: (_dag, _taskList, _blockingTaskList, slas, _blockingTis) => {
      for (const s of slas) console.warn(`SLA missed by ${s.taskId} at ${s.logicalDate.toISOString()}`);
    },
    onRetryCallback: (c) => c.log.warn(`attempt ${c.ti.tryNumber}: ${c.exception?.message}`),
    onSuccessCallback: (c) => c.stats.incr("custom.tasks.success"),
  },
  async (_: {}, ctx) => {
    const pg = await ctx.hook(Postgres, "postgres_default");
    const host = await ctx.variables.get("db_host"),
      batch = await ctx.variables.get("batch"); // string, number
    const rows = await pg.query<{ id: bigint }>("select id from customers where updated_at > $1 limit $2", [
      ctx.dataInterval.start,
      batch,
    ]);
    await ctx.ti.xcomPush("rows", rows.length); // key and type are checked
    ctx.stats.gauge("custom.rows_processed", rows.length);
    return { host: host.toUpperCase() };
  },
);
const report = task("report", async ({ rows, host }: { rows: number; host: string }) => `${host}: ${rows}`);
export const ops = dag(
  "ops",
  { schedule: "@hourly", onFailureCallback: (c) => c.log.error(`run ${c.dagRun.runId} failed`) },
  () => {
    const pulled = pull();
    report({ rows: pulled.xcom("rows"), host: pulled.pick("host") });
  },
);
