/**
 * @module `ctx.stats`: Airflow's Stats. Values are collected during an attempt and handed to the metrics port when it ends. Timings are seconds.
 */
import type { StatOptions, Stats } from "../dag/context.ts";
import type { Metric } from "./ports.ts";

const NAME = /^[A-Za-z0-9_./-]+$/;
/** More than this many values of one attempt are dropped: a loop must not fill the worker's memory. */
const METRICS_MAX = 10_000;
const NO_TAGS: Readonly<Record<string, string>> = {};

export class StatsCollector implements Stats {
  readonly metrics: Metric[] = [];
  readonly #now: () => number;
  readonly #warn: (message: string) => void;

  constructor(now: () => number, warn: (message: string) => void) {
    this.#now = now;
    this.#warn = warn;
  }

  // Fields, not methods: authors take them apart (`const { incr } = ctx.stats`).
  readonly incr = (name: string, count = 1, options: StatOptions & { readonly rate?: number } = {}): void => {
    if (Math.random() < (options.rate ?? 1)) this.#add("counter", name, count, options);
  };

  readonly decr = (name: string, count = 1, options: StatOptions & { readonly rate?: number } = {}): void => {
    this.incr(name, -count, options);
  };

  readonly gauge = (name: string, value: number, options: StatOptions & { readonly delta?: boolean } = {}): void => {
    this.#add("gauge", name, value, options, options.delta === true);
  };

  readonly timing = (name: string, seconds: number, options: StatOptions = {}): void => {
    this.#add("timing", name, seconds, options);
  };

  readonly timer = <T>(name: string, fn: () => T, options: StatOptions = {}): T => {
    const startedAt = this.#now();
    const stop = (): void => this.timing(name, (this.#now() - startedAt) / 1000, options);
    let pending = false;
    try {
      const answer = fn();
      if (answer instanceof Promise) {
        pending = true;
        // Two handlers, not finally: a rejection stays with the author's promise.
        answer.then(stop, stop);
      }
      return answer;
    } finally {
      if (!pending) stop();
    }
  };

  #add(kind: Metric["kind"], name: string, value: number, options: StatOptions, delta = false): void {
    if (typeof name !== "string" || !NAME.test(name) || !Number.isFinite(value)) {
      this.#warn(`Metric ${name} was dropped: a name has letters, digits and _ . - /, a value is a finite number.`);
      return;
    }
    if (this.metrics.length >= METRICS_MAX) return;
    this.metrics.push({ kind, name, value, ...(delta ? { delta } : {}), tags: options.tags ?? NO_TAGS });
  }
}
