/**
 * @module Variables and connections on the wire. Secrets are never sent back: `***` stands for them, and sent in, keeps what is stored.
 */
import { nullableText, pageQuery } from "./wire-value.ts";
import { isSensitiveName } from "../../model/sensitive-name.ts";
import * as z from "zod/mini";
import type { ConnectionEntry } from "../../cloudflare/connections.ts";
import type { VariableEntry } from "../../cloudflare/variables.ts";

export const MASK = "***";

export const VariableResponse = z.object({
  key: z.string(),
  value: nullableText,
  description: nullableText,
  is_encrypted: z.boolean(),
  team_name: nullableText,
});

export const ConnectionResponse = z.object({
  connection_id: z.string(),
  conn_type: z.string(),
  description: nullableText,
  host: nullableText,
  login: nullableText,
  schema: nullableText,
  port: z.nullable(z.int()),
  password: nullableText,
  extra: nullableText,
  team_name: nullableText,
});

const optionalText = z.optional(z.nullable(z.string()));
/** One deployment has one team. */
const noTeam = z.optional(z.null());

export const VariableBody = z.strictObject({
  key: z.string().check(z.minLength(1), z.maxLength(250)),
  value: z
    .unknown()
    .check(z.refine((value) => value !== undefined, { error: "Field required", params: { type: "missing" } })),
  description: optionalText,
  team_name: noTeam,
});

export const ConnectionBody = z.strictObject({
  connection_id: z.string().check(z.regex(/^[\w.-]+$/), z.maxLength(200)),
  conn_type: z.string().check(z.minLength(1)),
  description: optionalText,
  host: optionalText,
  login: optionalText,
  schema: optionalText,
  port: z.optional(z.nullable(z.int())),
  password: optionalText,
  extra: optionalText,
  team_name: noTeam,
});

export const variableListQuery = z.object({ ...pageQuery, variable_key_pattern: z.optional(z.string()) });
export const connectionListQuery = z.object({ ...pageQuery, connection_id_pattern: z.optional(z.string()) });

export function variableResponse(entry: VariableEntry): z.infer<typeof VariableResponse> {
  return {
    key: entry.key,
    value: isSensitiveName(entry.key) ? MASK : entry.value,
    description: entry.description,
    is_encrypted: true,
    team_name: null,
  };
}

export function connectionResponse(entry: ConnectionEntry): z.infer<typeof ConnectionResponse> {
  return {
    connection_id: entry.id,
    conn_type: entry.connType,
    description: entry.description,
    host: entry.host,
    login: entry.login,
    schema: entry.schema,
    port: entry.port,
    password: entry.password === null ? null : MASK,
    extra: Object.keys(entry.extra).length === 0 ? null : JSON.stringify(masked(entry.extra)),
    team_name: null,
  };
}

/** Values under sensitive names, at any depth, as `***`. */
function masked(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(masked);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([key, item]: [string, unknown]) => [
    key,
    isSensitiveName(key) && item !== null ? MASK : masked(item),
  ]);
  return Object.fromEntries(entries);
}

/** Puts stored values back where a client sent `***` for a masked one. */
export function unmasked(
  given: Readonly<Record<string, unknown>>,
  stored: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const entries = Object.entries(given).map(([key, item]) => {
    const old: unknown = Object.hasOwn(stored, key) ? stored[key] : undefined;
    if (item === MASK && old !== undefined && isSensitiveName(key)) return [key, old];
    return [key, isRecord(item) && isRecord(old) ? unmasked(item, old) : item];
  });
  return Object.fromEntries(entries);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
