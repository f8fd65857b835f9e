/**
 * @module Airflow variables: the Worker's own environment first (`AIRFLARE_VAR_<KEY>`), then D1, where every value is sealed.
 */
import type { VariablePort } from "../runtime/ports.ts";
import type { Env } from "./env.ts";
import { environmentEntry, environmentIds } from "./environment-entries.ts";
import { withHistory } from "./history/history-error.ts";
import { Conditions, listPage } from "./history/queries/list-query.ts";
import type { Listed, ListSource, Page } from "./history/queries/list-query.ts";
import { seal, unseal } from "./sealed-text.ts";

/** A variable with its value in the clear: whoever shows it masks it. */
export interface VariableEntry {
  readonly key: string;
  readonly value: string;
  readonly description: string | null;
}

interface VariableRow {
  readonly key: string;
  readonly value: string;
  readonly description: string | null;
}

export const VARIABLE_ORDER = { key: "key", id: "key", description: "description" } as const;

const SOURCE: ListSource = {
  columns: "key, value, description",
  from: "variable",
  order: VARIABLE_ORDER,
  defaultOrder: ["key"],
  tieBreaker: "key",
};

/** The port that `ctx.variables` reads through. One lookup per name and attempt: values may change between attempts. */
export function variablePort(env: Env): VariablePort {
  return {
    get: async (name) => environmentEntry(env, "VAR", name)?.text ?? (await getVariable(env, name))?.value,
    names: async () => {
      const rows = await withHistory(() =>
        env.DB.prepare("SELECT key FROM variable ORDER BY key LIMIT 1000").all<{ key: string }>(),
      );
      return [...environmentIds(env, "VAR"), ...rows.results.map((row) => row.key)];
    },
  };
}

/** Null when D1 has no such variable; the environment is not asked. */
export async function getVariable(env: Env, key: string): Promise<VariableEntry | null> {
  const row = await withHistory(() =>
    env.DB.prepare("SELECT key, value, description FROM variable WHERE key = ?").bind(key).first<VariableRow>(),
  );
  return row === null ? null : await opened(env, row);
}

/** Creates or replaces. Throws `not_configured` without `AIRFLARE_SECRET_KEY`. */
export async function setVariable(env: Env, { key, value, description }: VariableEntry, now: number): Promise<void> {
  const sealed = await seal(env.AIRFLARE_SECRET_KEY, owner(key), value);
  const sql = `INSERT INTO variable (key, value, description, updated_at) VALUES (?, ?, ?, ?)
    ON CONFLICT (key) DO UPDATE SET value = excluded.value, description = excluded.description, updated_at = excluded.updated_at`;
  await withHistory(() => env.DB.prepare(sql).bind(key, sealed, description, now).run());
}

/** False when there was none. */
export async function deleteVariable(env: Env, key: string): Promise<boolean> {
  const done = await withHistory(() => env.DB.prepare("DELETE FROM variable WHERE key = ?").bind(key).run());
  return done.meta.changes > 0;
}

export async function listVariables(
  env: Env,
  filters: { readonly keyPattern?: string | undefined },
  page: Page,
): Promise<Listed<VariableEntry>> {
  const { rows, total } = await listPage<VariableRow>(
    env.DB,
    SOURCE,
    new Conditions().matches("key", filters.keyPattern),
    page,
  );
  return { rows: await Promise.all(rows.map((row) => opened(env, row))), total };
}

async function opened(env: Env, row: VariableRow): Promise<VariableEntry> {
  return { ...row, value: await unseal(env.AIRFLARE_SECRET_KEY, owner(row.key), row.value) };
}

function owner(key: string): string {
  return `variable:${key}`;
}
