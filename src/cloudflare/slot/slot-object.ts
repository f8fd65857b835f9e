/**
 * @module The Durable Object of one limit: a pool, or a `max_active_tis_per_dag` or concurrency key. The rules are in `slot-leases.ts`.
 */
import { DurableObject } from "cloudflare:workers";
import { Alarm } from "../dag-run/alarm.ts";
import { objectSql } from "../dag-run/sql.ts";
import type { Env } from "../env.ts";
import { LEASE_MS, SlotLeases } from "./slot-leases.ts";
import type { SlotAnswer, SlotApi, SlotGrant, SlotRequest } from "./slot-leases.ts";

export class SlotObject extends DurableObject<Env> implements SlotApi {
  readonly #leases: SlotLeases;
  readonly #alarm: Alarm;
  /** Monotonic within this instance; leases are absolute, so an instance after a clock set back frees them later, never twice. */
  #lastNow = 0;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    const scale = Number(env.AIRFLARE_LEASE_SCALE ?? "1");
    this.#leases = new SlotLeases(objectSql(ctx.storage), LEASE_MS * scale);
    this.#alarm = new Alarm((at) => ctx.waitUntil(ctx.storage.setAlarm(at)));
  }

  async setLimit(limit: number): Promise<readonly SlotGrant[]> {
    return this.#armed((now) => this.#leases.setLimit(limit, now));
  }

  async request(request: SlotRequest): Promise<SlotAnswer> {
    return this.#armed((now) => this.#leases.request(request, now));
  }

  async release(keys: readonly string[]): Promise<readonly SlotGrant[]> {
    return this.#armed((now) => this.#leases.release(keys, now));
  }

  async renew(keys: readonly string[]): Promise<readonly SlotGrant[]> {
    return this.#armed((now) => this.#leases.renew(keys, now));
  }

  async usage(): Promise<{ readonly limit: number; readonly held: number; readonly waiting: number }> {
    return this.#leases.usage(this.#now());
  }

  override async alarm(): Promise<void> {
    this.#alarm.fired();
    this.#armed((now) => this.#leases.expire(now));
  }

  #armed<T>(work: (now: number) => T): T {
    const answer = work(this.#now());
    this.#alarm.arm(this.#leases.nextExpiryAt());
    return answer;
  }

  #now(): number {
    this.#lastNow = Math.max(this.#lastNow, Date.now());
    return this.#lastNow;
  }
}
