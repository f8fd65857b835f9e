/**
 * @module The deployed Worker: HTTP, clock and queues wired to their handlers, and the Durable Object classes.
 */
import { cloudflarePorts } from "./api/cloudflare-ports.ts";
import { createApp } from "./api/app.ts";
import { dagIndex } from "./generated/dags.ts";
import type { Env } from "./cloudflare/env.ts";
import { handleQueue } from "./cloudflare/task-queue/consumer.ts";
import { handleScheduled } from "./cloudflare/dag/cron.ts";

export { AssetObject } from "./cloudflare/asset/asset-object.ts";
export { DagObject } from "./cloudflare/dag/dag-object.ts";
export { DagRunObject } from "./cloudflare/dag-run/dag-run-object.ts";
export { SlotObject } from "./cloudflare/slot/slot-object.ts";

const app = createApp<Env>({
  index: dagIndex,
  ports: (env, waitUntil) => cloudflarePorts(env, dagIndex, waitUntil),
});

export default {
  fetch: (request, env, ctx) => app.fetch(request, env, ctx),
  scheduled: (event, env, ctx) => handleScheduled(event, env, ctx, dagIndex),
  queue: (batch, env, ctx) => handleQueue(batch, env, ctx, dagIndex),
} satisfies ExportedHandler<Env>;
