/**
 * @module Variables and connections for code that was handed no context, such as an SLA callback. While a task or a callback is at work these read what
 * `ctx.variables` and `ctx.connections` read. While a file loads there is no store to read.
 */
import { AirflareError } from "../model/error.ts";
import { projectConfig } from "./config.ts";
import type { Connections, Variables } from "./context.ts";

export interface Lookups {
  readonly variables: Variables;
  readonly connections: Connections;
}

interface Place {
  /** Of the code at work; undefined outside of a task and a callback. */
  current: () => Lookups | undefined;
  /** What was read during each load under way. */
  readonly loads: Set<Set<string>>;
}

const KEY = Symbol.for("airflare.lookups");

/** On `globalThis`, so that two copies of the package share it. */
function place(): Place {
  const known = Reflect.get(globalThis, KEY) as Place | undefined;
  if (known !== undefined) return known;
  const made: Place = { current: () => undefined, loads: new Set() };
  Reflect.set(globalThis, KEY, made);
  return made;
}

/** Says whose lookups count for the code that asks. */
export function provideLookups(current: () => Lookups | undefined): void {
  place().current = current;
}

/** Runs `load`; answers one load warning for each variable and connection that was read meanwhile. */
export async function readsWhile(load: () => Promise<unknown>): Promise<readonly string[]> {
  const reads = new Set<string>();
  const { loads } = place();
  loads.add(reads);
  try {
    await load();
  } finally {
    loads.delete(reads);
  }
  return [...reads];
}

/**
 * An Airflow variable, for callbacks without a context; in a task `ctx.variables.get` is the same with checked names. While the file loads nothing is
 * stored yet: it answers `default`, else the value in `airflare.config.ts`, and the DAGs of the file get a load warning. Throws `variable_not_found`.
 */
export const getVariable: Variables["get"] = async (name, options = {}) => {
  const lookups = place().current();
  if (lookups !== undefined) return lookups.variables.get(name, options);
  warn("variable", name, `await ctx.variables.get(${JSON.stringify(name)})`);
  if ("default" in options) return options.default;
  const declared: unknown = projectConfig().variables?.[name];
  if (declared === undefined) throw outside("variable_not_found", "variable", name);
  // The config declares the type with the value.
  return declared as never;
};

/** An Airflow connection, for callbacks without a context. Throws `connection_not_found`, always while a file loads. */
export const getConnection: Connections["get"] = async (id) => {
  const lookups = place().current();
  if (lookups !== undefined) return lookups.connections.get(id);
  warn("connection", id, `await ctx.connections.get(${JSON.stringify(id)})`);
  throw outside("connection_not_found", "connection", id);
};

function warn(kind: string, name: string, remedy: string): void {
  const text = `The file reads ${kind} ${name} while it loads, where no stored value is known: read it in the task, by ${remedy}`;
  for (const reads of place().loads) reads.add(text);
}

function outside(code: "variable_not_found" | "connection_not_found", kind: string, name: string): AirflareError {
  return new AirflareError(
    code,
    `The ${kind} ${name} is read outside of a task and a callback, where no store is at hand: read it inside.`,
  );
}
