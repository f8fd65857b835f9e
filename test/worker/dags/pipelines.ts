/**
 * @module DAGs of the worker tests: small pipelines with every way an attempt can take.
 */
import { AirflowException, dag, task } from "../../../src/index.ts";

/** What ran, in order: `dag/task/map/try`. Cleared by the test that looks at it. */
export const starts: string[] = [];

const note = (ctx: { dag: { dagId: string }; ti: { taskId: string; mapIndex: number; tryNumber: number } }): void => {
  starts.push(`${ctx.dag.dagId}/${ctx.ti.taskId}/${ctx.ti.mapIndex}/${ctx.ti.tryNumber}`);
};

const extract = task("extract", async (_: object, ctx) => {
  note(ctx);
  ctx.log.info("extracting");
  return { rows: [1, 2, 3], at: new Date(0) };
});
const transform = task("transform", async ({ data }: { data: { rows: number[]; at: Date } }, ctx) => {
  note(ctx);
  return data.rows.map((row) => row * 2);
});
const load = task("load", async ({ rows }: { rows: number[] }, ctx) => {
  note(ctx);
  return rows.reduce((sum, row) => sum + row, 0);
});

export const etl = dag("etl", { schedule: null }, () => {
  load({ rows: transform({ data: extract({}) }) });
});

const list = task("list", async () => Array.from({ length: 25 }, (_, i) => i));
const square = task("square", async ({ n }: { n: number }, ctx) => {
  note(ctx);
  return n * n;
});
const sum = task("sum", async ({ parts }: { parts: number[] }) => parts.reduce((total, part) => total + part, 0));

export const fanOut = dag("fan_out", { schedule: null, maxActiveTasks: 100 }, () => {
  sum({ parts: square.expand({ n: list({}) }) });
});

const big = task("big", async () => "x".repeat(200_000));
const measure = task("measure", async ({ text }: { text: string }) => text.length);

export const large = dag("large", { schedule: null }, () => {
  measure({ text: big({}) });
});

const sleepy = task("sleepy", { retries: 0 }, async ({ ms }: { ms: number }, ctx) => {
  note(ctx);
  await new Promise((resolve) => setTimeout(resolve, ms));
  return "slept";
});

const SIDE_BY_SIDE = 20;

/** Ends only when so many of its kind are under way at the same moment: one that had to wait for another's end would fail both. */
const meeting = task("meeting", { retries: 0 }, async (_: {}, ctx) => {
  note(ctx);
  const mine = `${ctx.dag.dagId}/`;
  const until = Date.now() + 20_000;
  while (starts.filter((start) => start.startsWith(mine)).length < SIDE_BY_SIDE) {
    if (Date.now() > until) throw new Error(`fewer than ${SIDE_BY_SIDE} started beside this one`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
});

export const together = dag("together", { schedule: null, maxActiveRuns: SIDE_BY_SIDE }, () => {
  meeting();
});

export const slow = dag("slow", { schedule: null }, () => {
  sleepy({ ms: 1_500 });
});

const flaky = task(
  "flaky",
  {
    retries: 1,
    retryDelay: "0s",
    onRetryCallback: (ctx) => ctx.log.warn(`again after ${ctx.exception?.message}`),
  },
  async (_: object, ctx) => {
    note(ctx);
    if (ctx.ti.tryNumber === 1) throw new AirflowException("the first try fails");
    return ctx.ti.tryNumber;
  },
);

export const retried = dag("retried", { schedule: null }, () => {
  flaky({});
});

const alone = task("alone", { isolate: true }, async (_: object, ctx) => note(ctx));
const heavy = task("heavy", { queue: "heavy" }, async (_: object, ctx) => note(ctx));

export const routed = dag("routed", { schedule: null }, () => {
  alone({});
  heavy({});
});

const chatty = task("chatty", async (_: object, ctx) => {
  for (let i = 0; i < 1_000; i++) ctx.log.info(`${i} ${"l".repeat(100)}`);
});

export const verbose = dag("verbose", { schedule: null }, () => {
  chatty({});
});

const report = task("report", async (_: object, ctx) => note(ctx));

/** For backfills and schedules made at run time. */
export const byHour = dag("by_hour", { schedule: "@hourly", startDate: "2026-01-01" }, () => {
  report({});
});
export const byDay = dag("by_day", { schedule: "@daily", startDate: "2026-01-01" }, () => {
  report({});
});
