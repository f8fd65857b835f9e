/**
 * @module The part of JSON schema that params use: type, enum, const, numeric, text and list limits, formats, objects, anyOf / oneOf / allOf.
 *
 * Unknown keywords say nothing, as the standard asks.
 */

type Schema = Readonly<Record<string, unknown>>;
type Rule = (schema: Schema, value: unknown, name: string) => string | undefined;

/** What is wrong with `value` under `schema`, as a sentence that starts with `name`, or undefined when it fits. */
export function schemaProblem(schema: Schema, value: unknown, name: string): string | undefined {
  for (const rule of RULES) {
    const problem = rule(schema, value, name);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

const RULES: readonly Rule[] = [
  typeRule,
  enumRule,
  numberRule,
  textRule,
  formatRule,
  listRule,
  objectRule,
  combinedRule,
];

const TYPE_TESTS: Readonly<Record<string, (value: unknown) => boolean>> = {
  string: (value) => typeof value === "string",
  number: (value) => typeof value === "number" && Number.isFinite(value),
  integer: (value) => Number.isInteger(value),
  boolean: (value) => typeof value === "boolean",
  null: (value) => value === null,
  array: Array.isArray,
  object: isRecord,
};

function isRecord(value: unknown): value is Schema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function typeRule(schema: Schema, value: unknown, name: string): string | undefined {
  const types = typeof schema["type"] === "string" ? [schema["type"]] : schema["type"];
  if (!Array.isArray(types)) return undefined;
  if (types.some((type) => typeof type === "string" && TYPE_TESTS[type]?.(value) === true)) return undefined;
  return `${name} must be of type ${types.join(" or ")}, got ${JSON.stringify(value)}`;
}

function enumRule(schema: Schema, value: unknown, name: string): string | undefined {
  const allowed = "const" in schema ? [schema["const"]] : schema["enum"];
  if (!Array.isArray(allowed)) return undefined;
  const text = JSON.stringify(value);
  if (allowed.some((item) => JSON.stringify(item) === text)) return undefined;
  return `${name} must be one of ${allowed.map((item) => JSON.stringify(item)).join(", ")}, got ${text}`;
}

function limit(schema: Schema, keyword: string): number | undefined {
  const value = schema[keyword];
  return typeof value === "number" ? value : undefined;
}

function numberRule(schema: Schema, value: unknown, name: string): string | undefined {
  if (typeof value !== "number") return undefined;
  const fits: readonly (readonly [string, (bound: number) => boolean, string])[] = [
    ["minimum", (bound) => value >= bound, "at least"],
    ["maximum", (bound) => value <= bound, "at most"],
    ["exclusiveMinimum", (bound) => value > bound, "more than"],
    ["exclusiveMaximum", (bound) => value < bound, "less than"],
    ["multipleOf", (bound) => Number.isInteger(value / bound), "a multiple of"],
  ];
  return broken(fits, schema, name, String(value));
}

function broken(
  fits: readonly (readonly [string, (bound: number) => boolean, string])[],
  schema: Schema,
  name: string,
  got: string,
): string | undefined {
  for (const [keyword, test, words] of fits) {
    const bound = limit(schema, keyword);
    if (bound !== undefined && !test(bound)) return `${name} must be ${words} ${bound}, got ${got}`;
  }
  return undefined;
}

function textRule(schema: Schema, value: unknown, name: string): string | undefined {
  if (typeof value !== "string") return undefined;
  // In code points, as the standard counts.
  const { length } = Array.from(value);
  const pattern = schema["pattern"];
  if (typeof pattern === "string" && !new RegExp(pattern, "u").test(value)) {
    return `${name} must match ${pattern}, got ${JSON.stringify(value)}`;
  }
  return broken(
    [
      ["minLength", (bound) => length >= bound, "text of a length of at least"],
      ["maxLength", (bound) => length <= bound, "text of a length of at most"],
    ],
    schema,
    name,
    JSON.stringify(value),
  );
}

const FORMATS: Readonly<Record<string, (text: string) => boolean>> = {
  date: (text) => /^\d{4}-\d{2}-\d{2}$/.test(text) && isRealDay(text),
  "date-time": (text) =>
    /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:?\d{2})$/.test(text) &&
    isRealDay(text.slice(0, 10)),
  time: (text) => /^([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?([Zz]|[+-]\d{2}:?\d{2})?$/.test(text),
  email: (text) => /^[^\s@]+@[^\s@]+$/.test(text),
  uri: (text) => URL.canParse(text),
  uuid: (text) => /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i.test(text),
};

/** `Date.parse` rolls 31 February over to March: the digits must come back. */
function isRealDay(day: string): boolean {
  const at = Date.parse(`${day}T00:00:00Z`);
  return !Number.isNaN(at) && new Date(at).toISOString().startsWith(day);
}

function formatRule(schema: Schema, value: unknown, name: string): string | undefined {
  const format = schema["format"];
  if (typeof value !== "string" || typeof format !== "string") return undefined;
  return FORMATS[format]?.(value) === false ? `${name} must be a ${format}, got ${JSON.stringify(value)}` : undefined;
}

function listRule(schema: Schema, value: unknown, name: string): string | undefined {
  if (!Array.isArray(value)) return undefined;
  const items = schema["items"];
  for (const [at, item] of isRecord(items) ? value.entries() : []) {
    const problem = isRecord(items) ? schemaProblem(items, item, `${name}[${at}]`) : undefined;
    if (problem !== undefined) return problem;
  }
  if (schema["uniqueItems"] === true && new Set(value.map((item) => JSON.stringify(item))).size < value.length) {
    return `${name} must have no item twice`;
  }
  return broken(
    [
      ["minItems", (bound) => value.length >= bound, "a list of a length of at least"],
      ["maxItems", (bound) => value.length <= bound, "a list of a length of at most"],
    ],
    schema,
    name,
    `${value.length} items`,
  );
}

function objectRule(schema: Schema, value: unknown, name: string): string | undefined {
  if (!isRecord(value)) return undefined;
  const properties = isRecord(schema["properties"]) ? schema["properties"] : {};
  const required: readonly unknown[] = Array.isArray(schema["required"]) ? schema["required"] : [];
  for (const key of required) {
    if (typeof key === "string" && !Object.hasOwn(value, key)) return `${name}.${key} is required`;
  }
  for (const [key, item] of Object.entries(value)) {
    const declared = Object.hasOwn(properties, key) ? properties[key] : schema["additionalProperties"];
    if (declared === false) return `${name}.${key} is not allowed`;
    const problem = isRecord(declared) ? schemaProblem(declared, item, `${name}.${key}`) : undefined;
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function combinedRule(schema: Schema, value: unknown, name: string): string | undefined {
  const problemsOf = (keyword: string): readonly (string | undefined)[] | undefined => {
    const list = schema[keyword];
    return Array.isArray(list) ? list.filter(isRecord).map((option) => schemaProblem(option, value, name)) : undefined;
  };
  const all = problemsOf("allOf")?.find((problem) => problem !== undefined);
  if (all !== undefined) return all;
  const any = problemsOf("anyOf");
  if (any !== undefined && !any.includes(undefined)) return any[0];
  const one = problemsOf("oneOf");
  const fitting = one?.filter((problem) => problem === undefined).length ?? 1;
  if (fitting === 0) return one?.[0];
  return fitting > 1 ? `${name} fits more than one of the alternatives` : undefined;
}
