/**
 * @module One limit's object on narrow ports: every call is one turn and one transaction; runs that got slots through somebody else's turn are told
 * behind the answer, and again until they know. The rules of the slots are in `slot-leases.ts`.
 */
import type { SlotAnswer, SlotDefinition, SlotHolder, SlotOrder, SlotUsage } from "../../model/slot.ts";
import { Alarm } from "../dag-run/alarm.ts";
import type { Sql } from "../dag-run/sql.ts";
import { SlotLeases } from "./slot-leases.ts";
import type { SlotNews } from "./slot-leases.ts";

/** A run that could not be told is told again after this. */
const TELL_AGAIN_MS = 5_000;
/** A pool's definition is read anew after this, in case the word about a change was lost. */
const DEFINITION_MS = 60_000;
/** The alarm is never nearer than this: a lease that has run out is looked at once. */
const ALARM_SPACING_MS = 50;

export interface SlotPorts {
  /** Name of the limit. */
  readonly limit: string;
  readonly sql: Sql;
  readonly leaseMs: number;
  readonly clock: () => number;
  readonly setAlarm: (at: number) => void;
  readonly waitUntil: (work: Promise<unknown>) => void;
  /** The pool as it is defined; null when there is none. Throws when nobody can tell. */
  readonly readPool: (name: string) => Promise<SlotDefinition | null>;
  /** Brings grants to a run; false when there is no such run (any more). Throws when it could not be reached. */
  readonly tell: (limit: string, news: SlotNews) => Promise<boolean>;
  readonly onError: (what: string, error: unknown) => void;
}

export class SlotHost {
  readonly #ports: SlotPorts;
  readonly #alarm: Alarm;
  #leases: SlotLeases | undefined;
  #lastNow = 0;
  /** When the definition was last read, and how often it was told: what is told counts more than what was read before. */
  #readAt = 0;
  #told = 0;
  readonly #telling = new Set<string>();

  constructor(ports: SlotPorts) {
    this.#ports = ports;
    this.#alarm = new Alarm(ports.setAlarm, ports.clock);
  }

  async exchange(order: SlotOrder): Promise<SlotAnswer> {
    if (order.limit === null && order.request.length > 0) await this.#readDefinition();
    return this.#turn((leases, now) => leases.exchange(order, now));
  }

  define(definition: SlotDefinition | null): void {
    this.#told += 1;
    this.#readAt = this.#now();
    this.#turn((leases, now) => leases.define(definition, now));
  }

  usage(): SlotUsage {
    return this.#open().usage(this.#now());
  }

  /** Frees what has run out, and tells again who may not know. */
  alarm(): void {
    this.#alarm.fired();
    try {
      this.#turn((leases, now) => leases.expire(now));
    } catch (error) {
      this.#ports.onError("alarm", error);
      this.#alarm.arm(this.#now() + TELL_AGAIN_MS);
    }
  }

  /** One transaction; the alarm and the news follow in the same turn. After a failure the memory is read anew from the rows. */
  #turn<T>(work: (leases: SlotLeases, now: number) => T): T {
    const leases = this.#open();
    const now = this.#now();
    try {
      const answers: T[] = [];
      this.#ports.sql.transactionSync<void>(() => {
        answers.push(work(leases, now));
      });
      this.#settle(leases, now);
      return answers[0] as T;
    } catch (error) {
      this.#leases = undefined;
      throw error;
    }
  }

  #settle(leases: SlotLeases, now: number): void {
    const news = leases.news();
    const expiryAt = leases.nextExpiryAt();
    const times = [...(expiryAt === null ? [] : [expiryAt]), ...(news.length === 0 ? [] : [now + TELL_AGAIN_MS])];
    if (times.length > 0) this.#alarm.arm(Math.max(Math.min(...times), now + ALARM_SPACING_MS));
    for (const one of news) this.#ports.waitUntil(this.#tell(leases, one));
  }

  async #tell(leases: SlotLeases, news: SlotNews): Promise<void> {
    const name = runName(news.holder);
    // One word at a time to each run: what comes meanwhile goes with the next.
    if (this.#telling.has(name)) return;
    this.#telling.add(name);
    try {
      const exists = await this.#ports.tell(this.#ports.limit, news);
      if (this.#leases !== leases) return;
      if (exists) leases.told(news.holder, news.granted);
      else this.#turn((mine, now) => mine.forgetRun(news.holder, now));
    } catch (error) {
      this.#ports.onError(`telling run ${news.holder.runId} of DAG ${news.holder.dagId}`, error);
      return;
    } finally {
      this.#telling.delete(name);
    }
    const more = leases.news().find((other) => runName(other.holder) === name);
    if (more !== undefined && this.#leases === leases) await this.#tell(leases, more);
  }

  /** At the first request of this instance, and now and then. Without an answer the definition stored last counts. */
  async #readDefinition(): Promise<void> {
    const { limit, readPool, onError } = this.#ports;
    const now = this.#now();
    if (!limit.startsWith("pool:") || (this.#readAt !== 0 && now < this.#readAt + DEFINITION_MS)) return;
    const told = this.#told;
    this.#readAt = now;
    try {
      const definition = await readPool(limit.slice("pool:".length));
      if (this.#told === told) this.#turn((leases, at) => leases.define(definition, at));
    } catch (error) {
      this.#readAt = 0;
      if (this.#open().definition === null) throw error;
      onError("reading the pool's definition", error);
    }
  }

  #open(): SlotLeases {
    const { sql, limit, leaseMs } = this.#ports;
    this.#leases ??= sql.transactionSync(() => new SlotLeases(sql, limit, leaseMs));
    return this.#leases;
  }

  /** Monotonic within this instance; leases are absolute, so an instance after a clock set back frees them later, never twice. */
  #now(): number {
    this.#lastNow = Math.max(this.#lastNow, this.#ports.clock());
    return this.#lastNow;
  }
}

function runName({ dagId, runId, incarnation }: SlotHolder): string {
  return `${dagId}/${runId}/${incarnation}`;
}
