/**
 * @module `console.*` inside a task goes to the task's log, and `getVariable` and `getConnection` read what its context reads. Attempts that run side by
 * side in one isolate are told apart by async-local storage; outside of a task the console is what it was.
 */
// The one platform module runtime needs: Node and workerd have it alike.
// oxlint-disable-next-line no-restricted-imports
import { AsyncLocalStorage } from "node:async_hooks";
import { toJsonProjection } from "../lib/codec.ts";
import { type Lookups, provideLookups } from "../dag/lookups.ts";
import type { LogLevel, TaskLog } from "./task-log.ts";

interface AtWork {
  readonly log: TaskLog;
  readonly lookups: () => Lookups;
}

const current = new AsyncLocalStorage<AtWork>();
let installed = false;

/** Airflow's logger names for printed text. */
const METHODS: readonly (readonly ["debug" | "log" | "info" | "warn" | "error", LogLevel, string])[] = [
  ["debug", "debug", "task.stdout"],
  ["log", "info", "task.stdout"],
  ["info", "info", "task.stdout"],
  ["warn", "warning", "task.stderr"],
  ["error", "error", "task.stderr"],
];

/** Runs an author's `fn`; what it and everything it starts prints goes to `log`, what they look up without a context comes from `lookups`. */
export function withConsoleCaptured<T>(log: TaskLog, lookups: () => Lookups, fn: () => T): T {
  if (!installed) install();
  return current.run({ log, lookups }, fn);
}

function install(): void {
  installed = true;
  provideLookups(() => current.getStore()?.lookups());
  for (const [name, level, logger] of METHODS) {
    const original = console[name].bind(console);
    console[name] = (...values: unknown[]): void => {
      const log = current.getStore()?.log;
      if (log === undefined) original(...values);
      else log.write(level, formatPrinted(values), logger);
    };
  }
}

/** Text of printed values: `%s %d %i %f %j %o %O %%` of a leading text are filled in, the rest stands behind it with spaces between. */
export function formatPrinted(values: readonly unknown[]): string {
  const [first, ...rest] = values;
  if (typeof first !== "string" || !first.includes("%")) return values.map(shown).join(" ");
  const text = first.replace(/%([sdifjoO%])/g, (directive, kind: string) => {
    if (kind === "%") return "%";
    if (rest.length === 0) return directive;
    const value = rest.shift();
    if (kind === "d" || kind === "f") return String(Number(value));
    if (kind === "i") return String(Math.trunc(Number(value)));
    return shown(value);
  });
  return [text, ...rest.map(shown)].join(" ");
}

function shown(value: unknown): string {
  if (typeof value === "string") return value;
  if (value instanceof Error) return value.stack ?? `${value.name}: ${value.message}`;
  if (typeof value !== "object" || value === null) return String(value);
  try {
    return JSON.stringify(toJsonProjection(value));
  } catch {
    // A cycle: its kind says more than nothing.
    return Object.prototype.toString.call(value);
  }
}
