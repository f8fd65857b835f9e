/**
 * @module Parameters of SQL texts: always bound, never spliced. Airflow's `%(name)s` and `%s` become the database's own placeholders; `$1` and `?` pass.
 */
import { AirflareError } from "../../model/error.ts";

/** By position (`$1`, `?` or `%s`) or by name (`%(name)s`). */
export type SqlParameters = readonly unknown[] | Readonly<Record<string, unknown>>;

export interface BoundSql {
  readonly text: string;
  readonly values: readonly unknown[];
}

/** What holds no placeholder (quoted texts and names, comments), and what is one. */
const TOKEN =
  /'(?:[^']|'')*'|"(?:[^"]|"")*"|`[^`]*`|--[^\n]*|\/\*[\s\S]*?\*\/|\$([A-Za-z_]\w*)?\$[\s\S]*?\$\1\$|%%|%\((\w+)\)s|%s/g;

/**
 * The text with the placeholders of the database and the values in their order. With parameters given, `%%` means `%`, as in Airflow. Throws `invalid_request`
 * for a name without a value, and for a placeholder inside quotes, where it would be text.
 */
export function bindParameters(
  sql: string,
  parameters: SqlParameters | undefined,
  placeholder: (position: number) => string,
): BoundSql {
  if (parameters === undefined) return { text: sql, values: [] };
  const bound = isList(parameters) ? byPosition(parameters, placeholder) : byName(parameters, placeholder);
  let isStyled = false;
  const text = sql.replaceAll(TOKEN, (token: string, _tag: unknown, name: string | undefined) => {
    if (token === "%%") return "%";
    if (name === undefined && token !== "%s") return quoted(token);
    isStyled = true;
    return bound.next(name);
  });
  if (isStyled) return { text, values: bound.values };
  // Without a placeholder of Airflow's, the text has the database's own: both are handed on as they are.
  return { text: sql, values: isList(parameters) ? parameters : [] };
}

interface Binding {
  readonly values: unknown[];
  readonly next: (name: string | undefined) => string;
}

function byPosition(list: readonly unknown[], placeholder: (position: number) => string): Binding {
  const values: unknown[] = [];
  const next = (name: string | undefined): string => {
    if (name !== undefined) throw invalid(`%(${name})s needs parameters by name, but a list was given`);
    if (values.length >= list.length) throw invalid(`it has more %s than the ${list.length} parameters given`);
    return placeholder(values.push(list[values.length]));
  };
  return { values, next };
}

function byName(named: Readonly<Record<string, unknown>>, placeholder: (position: number) => string): Binding {
  const values: unknown[] = [];
  const next = (name: string | undefined): string => {
    if (name === undefined) throw invalid("%s needs a list of parameters, but an object was given");
    if (!Object.hasOwn(named, name))
      throw invalid(`parameter ${name} has no value; given are ${Object.keys(named).join(", ") || "none"}`);
    return placeholder(values.push(named[name]));
  };
  return { values, next };
}

/** Quoted text and comments stay, but for `%%`; a named placeholder in quotes is a mistake that would go unseen. */
function quoted(token: string): string {
  if (token.startsWith("'") && /%\(\w+\)s/.test(token))
    throw invalid(`a placeholder stands in quotes (${token}): write it without them, its value is bound`);
  return token.replaceAll("%%", "%");
}

function isList(parameters: SqlParameters): parameters is readonly unknown[] {
  return Array.isArray(parameters);
}

function invalid(why: string): AirflareError {
  return new AirflareError("invalid_request", `The SQL text cannot be run: ${why}.`);
}
