/**
 * @module What answers in local workerd: the deployed Worker, with the platform's parts in front of it that a deployment has outside of its code: static
 * files, and the clock; objects that are idle are closed. Miniflare's own front would pass each request through three further Workers, which costs twice the request.
 */
import worker, * as deployed from "airflare/worker";
import { closingWhenIdle } from "./close-when-idle.mjs";

export * from "airflare/worker";

export const DagObject = closingWhenIdle(deployed.DagObject);
export const DagRunObject = closingWhenIdle(deployed.DagRunObject);

/** As `run_worker_first` of wrangler.toml has it. */
function isForWorker(pathname, patterns) {
  return patterns.some((pattern) =>
    pattern.endsWith("*") ? pathname.startsWith(pattern.slice(0, -1)) : pathname === pattern,
  );
}

/** Fires the cron by hand: `/cdn-cgi/local/scheduled?cron=...&time=<epoch ms>`, as Miniflare's front does. */
async function fireCron({ searchParams }, env, ctx) {
  const scheduledTime = Number(searchParams.get("time") ?? Date.now());
  await worker.scheduled({ cron: searchParams.get("cron") ?? "", scheduledTime, noRetry: () => {} }, env, ctx);
  return new Response("ok");
}

export default {
  ...worker,
  fetch(request, env, ctx) {
    const url = new URL(request.url);
    if (isForWorker(url.pathname, env.RUN_WORKER_FIRST)) return worker.fetch(request, env, ctx);
    if (url.pathname === "/cdn-cgi/local/scheduled") return fireCron(url, env, ctx);
    return env.ASSETS.fetch(request);
  },
};
