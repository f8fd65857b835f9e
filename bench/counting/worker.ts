/**
 * @module The deployed Worker with everything it uses counted. `GET /api/bench/counts` answers the counts, `POST /api/bench/counts` sets them to zero.
 */
import worker, {
  AssetObject as PlainAssetObject,
  DagObject as PlainDagObject,
  DagRunObject as PlainDagRunObject,
  SlotObject as PlainSlotObject,
} from "../../src/worker.ts";
import type { Env } from "../../src/cloudflare/env.ts";
import { countedEnv } from "./counted-env.ts";
import { countStorage } from "./counted-storage.ts";
import { count, readCounts, resetCounts } from "./counters.ts";

const PATH = "/api/bench/counts";

export class DagRunObject extends PlainDagRunObject {
  constructor(ctx: DurableObjectState, env: Env) {
    countStorage("DagRunObject", ctx);
    super(ctx, countedEnv(env));
  }

  override async alarm(): Promise<void> {
    count("alarm DagRunObject");
    await super.alarm();
  }
}

export class DagObject extends PlainDagObject {
  constructor(ctx: DurableObjectState, env: Env) {
    countStorage("DagObject", ctx);
    super(ctx, countedEnv(env));
  }

  override async alarm(): Promise<void> {
    count("alarm DagObject");
    await super.alarm();
  }
}

export class SlotObject extends PlainSlotObject {
  constructor(ctx: DurableObjectState, env: Env) {
    countStorage("SlotObject", ctx);
    super(ctx, countedEnv(env));
  }
}

export class AssetObject extends PlainAssetObject {
  constructor(ctx: DurableObjectState, env: Env) {
    countStorage("AssetObject", ctx);
    super(ctx, countedEnv(env));
  }
}

export default {
  async fetch(request, env, ctx) {
    if (new URL(request.url).pathname.startsWith(PATH)) {
      if (request.method === "POST") resetCounts();
      return Response.json(readCounts());
    }
    count("invocations fetch");
    return worker.fetch(request, countedEnv(env), ctx);
  },
  async scheduled(event, env, ctx) {
    return worker.scheduled(event, countedEnv(env), ctx);
  },
  async queue(batch, env, ctx) {
    count("invocations queue");
    count("queue deliveries", batch.messages.length);
    return worker.queue(batch, countedEnv(env), ctx);
  },
} satisfies ExportedHandler<Env>;
