/**
 * @module DAGs that update assets and DAGs that are scheduled by them.
 */
import { asset, assetAll, assetAny, dag, p, task } from "airflare";

export const orders = asset("r2://test/orders");
const customers = asset("r2://test/customers");
export const prices = asset("r2://test/prices");

const update = task("update", { outlets: [orders] }, async ({ rows, fail }: { rows: number; fail: boolean }, ctx) => {
  ctx.outletEvents(orders).extra = { rows };
  if (fail) throw new Error("asked to fail");
});

export const updatesOrders = dag(
  "updates_orders",
  { schedule: null, params: { rows: p.int({ default: 3 }), fail: p.bool({ default: false }) } },
  ({ params }) => void update({ rows: params.rows, fail: params.fail }),
);

const updateBoth = task("update_both", { outlets: [customers, prices] }, async () => {});
export const updatesBoth = dag("updates_both", { schedule: null }, () => void updateBoth());

const look = task("look", { inlets: [orders] }, async (_: object, ctx) => ({
  triggering: await ctx.triggeringAssetEvents(),
  inlet: (await ctx.inletEvents(orders)).map(({ extra }) => extra),
}));

export const followsOrders = dag("follows_orders", { schedule: [orders] }, () => void look());
export const followsAll = dag("follows_all", { schedule: [customers, prices] }, () => void look());
export const followsAny = dag(
  "follows_any",
  { schedule: assetAny(orders, assetAll(customers, prices)), maxActiveRuns: 1 },
  () => void look(),
);
export const followsPaused = dag(
  "follows_paused",
  { schedule: [orders], isPausedUponCreation: true },
  () => void look(),
);
