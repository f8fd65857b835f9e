/**
 * @module The Worker as far as the tests of run objects and queues need it: real run objects, real queues, a DAG object that takes every push.
 */
import type { DagApi } from "../../src/model/protocol.ts";
import { dagIndex } from "./worker-dag-index.ts";
import { DurableObject } from "cloudflare:workers";
import type { Env } from "../../src/cloudflare/env.ts";
import { handleQueue } from "../../src/cloudflare/task-queue/consumer.ts";

export { DagRunObject } from "../../src/cloudflare/dag-run/dag-run-object.ts";

export class DagObject extends DurableObject<Env> implements Pick<DagApi, "pushRunState"> {
  async pushRunState(): Promise<{ readonly mirrored: boolean }> {
    return { mirrored: true };
  }
}

export class SlotObject extends DurableObject<Env> {}

export default {
  fetch: async () => new Response("ok"),
  queue: (batch, env, ctx) => handleQueue(batch, env, ctx, dagIndex),
} satisfies ExportedHandler<Env>;
