/**
 * @module Airflow's two texts of a connection: a URI, or a JSON object with Airflow's field names.
 */

export interface ConnectionFields {
  readonly connType: string;
  readonly host: string | null;
  readonly port: number | null;
  readonly login: string | null;
  readonly password: string | null;
  readonly schema: string | null;
  readonly extra: Readonly<Record<string, unknown>>;
}

/** Null when the text is neither. */
export function parseConnection(text: string): ConnectionFields | null {
  try {
    return text.trimStart().startsWith("{") ? fromJson(text) : fromUri(text);
  } catch (thrown) {
    // A percent sign that encodes nothing.
    if (thrown instanceof URIError) return null;
    throw thrown;
  }
}

/** `postgres://user:pass%40word@host:5432/schema?key=value`; extra that is not all text goes under `__extra__` as JSON, as Airflow does. */
export function connectionUri({ connType, host, port, login, password, schema, extra }: ConnectionFields): string {
  const part = (value: string | null): string => encodeURIComponent(value ?? "");
  const user =
    login === null && password === null ? "" : `${part(login)}${password === null ? "" : `:${part(password)}`}@`;
  const place = `${part(host)}${port === null ? "" : `:${port}`}`;
  const entries = Object.entries(extra);
  const plain = entries.every(([, value]) => typeof value === "string");
  const query = plain
    ? new URLSearchParams(entries.map(([key, value]) => [key, String(value)]))
    : new URLSearchParams({ __extra__: JSON.stringify(extra) });
  const path = schema === null ? "" : `/${part(schema)}`;
  return `${connType.replaceAll("_", "-")}://${user}${place}${path}${entries.length === 0 ? "" : `${path === "" ? "/" : ""}?${query.toString()}`}`;
}

function fromUri(text: string): ConnectionFields | null {
  const match =
    /^([a-zA-Z][\w+.-]*):\/\/(?:([^:@/?]*)(?::([^@/?]*))?@)?(\[[^\]]*\]|[^:/?]*)(?::(\d+))?(?:\/([^?]*))?(?:\?(.*))?$/.exec(
      text,
    );
  if (match === null) return null;
  const [, type = "", login, password, host, port, schema, query] = match;
  const decoded = (value: string | undefined): string | null =>
    value === undefined || value === "" ? null : decodeURIComponent(value);
  return {
    connType: type.toLowerCase().replaceAll("-", "_"),
    host: decoded(host),
    port: port === undefined ? null : Number(port),
    login: decoded(login),
    password: password === undefined ? null : decodeURIComponent(password),
    schema: decoded(schema),
    extra: extraOf(new URLSearchParams(query ?? "")),
  };
}

function extraOf(query: URLSearchParams): Readonly<Record<string, unknown>> {
  const packed = query.get("__extra__");
  return packed === null ? Object.fromEntries(query) : (objectOf(packed) ?? {});
}

function fromJson(text: string): ConnectionFields | null {
  const fields = objectOf(text);
  if (fields === null || typeof fields["conn_type"] !== "string") return null;
  const word = (name: string): string | null => (typeof fields[name] === "string" ? fields[name] : null);
  const extra = typeof fields["extra"] === "string" ? objectOf(fields["extra"]) : recordOf(fields["extra"]);
  return {
    connType: fields["conn_type"],
    host: word("host"),
    port: fields["port"] === undefined || fields["port"] === null ? null : Number(fields["port"]),
    login: word("login"),
    password: word("password"),
    schema: word("schema"),
    extra: extra ?? {},
  };
}

function objectOf(text: string): Readonly<Record<string, unknown>> | null {
  try {
    return recordOf(JSON.parse(text));
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return null;
    throw thrown;
  }
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> | null {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : null;
}
