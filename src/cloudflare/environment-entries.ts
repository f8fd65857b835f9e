/**
 * @module Connections and variables in the Worker's own environment (vars and secrets): `AIRFLARE_CONN_<ID>`, `AIRFLARE_VAR_<KEY>`, and the same names with
 * `AIRFLOW_` as prefix, so that an environment made for Airflow works. They win over what is stored.
 */

/** Ours first. */
const PREFIXES = ["AIRFLARE_", "AIRFLOW_"];
export type EntryKind = "CONN" | "VAR";

/** The text of an entry and the name it stands under; undefined when there is none. Ids are looked up in upper case. */
export function environmentEntry(
  env: object,
  kind: EntryKind,
  id: string,
): { readonly name: string; readonly text: string } | undefined {
  for (const prefix of PREFIXES) {
    const name = `${prefix}${kind}_${id.toUpperCase()}`;
    const text: unknown = Reflect.get(env, name);
    if (typeof text === "string") return { name, text };
  }
  return undefined;
}

/** Ids of all entries, in lower case. */
export function environmentIds(env: object, kind: EntryKind): readonly string[] {
  return Object.keys(env).flatMap((name) => {
    const prefix = PREFIXES.map((start) => `${start}${kind}_`).find((start) => name.startsWith(start));
    return prefix === undefined ? [] : [name.slice(prefix.length).toLowerCase()];
  });
}
