/**
 * @module The Worker's bindings with every use counted where it is made: object calls, queue messages, D1 statements and rows, R2 operations.
 */
import type { Env } from "../../src/cloudflare/env.ts";
import { count } from "./counters.ts";

type Call = (...args: unknown[]) => unknown;

/** R2's class A operations; reads are class B, deletes are free. */
const CLASS_A = new Set(["put", "list", "createMultipartUpload"]);
const CLASS_B = new Set(["get", "head"]);

const wrapped = new WeakMap<object, Env>();

/** The same bindings, counted; the same wrapper for the same environment. */
export function countedEnv(env: Env): Env {
  const known = wrapped.get(env);
  if (known !== undefined) return known;
  const counted: Env = {
    ...env,
    DAG_RUN: countedObjects("DagRunObject", env.DAG_RUN),
    DAG: countedObjects("DagObject", env.DAG),
    ASSET: countedObjects("AssetObject", env.ASSET),
    SLOT: countedObjects("SlotObject", env.SLOT),
    TASK_QUEUE: countedQueue(env.TASK_QUEUE),
    ISOLATE_QUEUE: countedQueue(env.ISOLATE_QUEUE),
    DB: countedDatabase(env.DB),
    OBJECTS: intercepted(env.OBJECTS, (name) => {
      if (CLASS_A.has(name)) count("r2 class A");
      else if (CLASS_B.has(name)) count("r2 class B");
    }),
  };
  wrapped.set(env, counted);
  return counted;
}

function countedObjects<Api extends object>(className: string, namespace: { getByName(name: string): Api }) {
  return {
    getByName: (name: string): Api =>
      intercepted(namespace.getByName(name), (method) => count(`object ${className}.${method}`)),
  };
}

function countedQueue<Q extends Env["TASK_QUEUE"]>(queue: Q): Q {
  return intercepted(queue, (method, args) => {
    if (method === "send") count("queue messages");
    if (method === "sendBatch" && Array.isArray(args[0])) {
      count("queue messages", args[0].length);
      count("queue sends");
    }
  });
}

/** D1 says in the `meta` of each answer what it read and wrote; `batch` and `run`, `all` are all that Airflare writes with. */
function countedDatabase(db: D1Database): D1Database {
  const natives = new WeakMap<object, D1PreparedStatement>();
  const statement = (native: D1PreparedStatement): D1PreparedStatement => {
    const proxy = new Proxy(native, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== "function") return value;
        return (...args: unknown[]): unknown => {
          const answer = (value as Call).apply(target, args);
          if (name === "bind") return statement(answer as D1PreparedStatement);
          count("d1 statements");
          count("d1 calls");
          return (answer as Promise<unknown>).then(noted);
        };
      },
    });
    natives.set(proxy, native);
    return proxy;
  };
  return new Proxy(db, {
    get(target, name) {
      if (name === "prepare") return (sql: string) => statement(target.prepare(sql));
      if (name === "batch")
        return async (statements: D1PreparedStatement[]) => {
          count("d1 calls");
          count("d1 statements", statements.length);
          const results = await target.batch(statements.map((one) => natives.get(one) ?? one));
          for (const result of results) noted(result);
          return results;
        };
      const value: unknown = Reflect.get(target, name);
      return typeof value === "function" ? (value as Call).bind(target) : value;
    },
  });
}

function noted(answer: unknown): unknown {
  const meta = (answer as { meta?: { rows_written?: number; rows_read?: number } } | null)?.meta;
  count("d1 rows written", meta?.rows_written ?? 0);
  count("d1 rows read", meta?.rows_read ?? 0);
  return answer;
}

/** Calls `before` with the name and arguments of each method called. */
function intercepted<T extends object>(target: T, before: (method: string, args: readonly unknown[]) => void): T {
  return new Proxy(target, {
    get(owner, name) {
      const value: unknown = Reflect.get(owner, name);
      if (typeof value !== "function" || typeof name !== "string") return value;
      return (...args: unknown[]): unknown => {
        before(name, args);
        // Not `value.apply`: of a stub, every property is a remote method.
        return (owner as Record<string, Call>)[name]?.(...args);
      };
    },
  });
}
