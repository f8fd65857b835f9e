/**
 * @module The Durable Object of one limit: a pool, or a `max_active_tis_per_dag` or concurrency key. Everything it does is in `slot-host.ts`.
 */
import { DurableObject } from "cloudflare:workers";
import { DEFAULT_LEASES } from "../../model/event.ts";
import { errorInfo } from "../../model/error.ts";
import { dagRunObjectName } from "../../model/ids.ts";
import type { SlotAnswer, SlotApi, SlotDefinition, SlotOrder, SlotUsage } from "../../model/slot.ts";
import { objectSql } from "../dag-run/sql.ts";
import type { Env } from "../env.ts";
import { readPoolDefinition } from "../pools.ts";
import { SlotHost } from "./slot-host.ts";
import type { SlotNews } from "./slot-leases.ts";

export class SlotObject extends DurableObject<Env> implements SlotApi {
  readonly #host: SlotHost;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    // The objects of limits are always addressed by name.
    const limit = ctx.id.name ?? "";
    this.#host = new SlotHost({
      limit,
      sql: objectSql(ctx.storage),
      leaseMs: DEFAULT_LEASES.slotMs * Number(env.AIRFLARE_LEASE_SCALE ?? "1"),
      clock: () => Date.now(),
      // Not awaited: the output gate holds every answer until the alarm is stored with the rows of the same turn.
      setAlarm: (at) => ctx.waitUntil(ctx.storage.setAlarm(at)),
      waitUntil: (work) => ctx.waitUntil(work),
      readPool: (name) => readPoolDefinition(env, name),
      tell: (name, news) => tell(env, name, news),
      onError: (what, error) => console.error(`limit ${limit}, ${what}: will be repeated.`, error),
    });
  }

  async exchange(order: SlotOrder): Promise<SlotAnswer> {
    return await this.#host.exchange(order);
  }

  async define(definition: SlotDefinition | null): Promise<void> {
    this.#host.define(definition);
  }

  async usage(): Promise<SlotUsage> {
    return this.#host.usage();
  }

  override async alarm(): Promise<void> {
    this.#host.alarm();
  }
}

async function tell(env: Env, limit: string, { holder, granted }: SlotNews): Promise<boolean> {
  const { dagId, runId, incarnation } = holder;
  const word = { limit, granted, waiting: [], gone: [] };
  try {
    await env.DAG_RUN.getByName(dagRunObjectName(dagId, runId)).command({
      callId: `slots:${limit}`,
      command: { kind: "slots-granted", incarnation, word },
    });
    return true;
  } catch (error) {
    if (errorInfo(error).code === "dag_run_not_found") return false;
    throw error;
  }
}
