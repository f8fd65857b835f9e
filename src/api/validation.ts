/**
 * @module Checks bodies and queries against their zod schemas and says what does not fit in FastAPI's words (pydantic's error types and messages).
 */
import { HttpDetailError, validationError } from "./errors.ts";
import { readJsonBody } from "./json-body.ts";
import * as z from "zod/mini";
import type { Context } from "hono";
import type { ValidationErrorItem } from "./errors.ts";

type Location = "body" | "query" | "path";

/** The body as `schema` reads it. Throws the 422 list. An absent body counts as missing. */
export async function readBody<Schema extends z.ZodMiniType>(c: Context, schema: Schema): Promise<z.output<Schema>> {
  const body = await readJsonBody(c);
  if (body === undefined) {
    throw validationError([{ type: "missing", loc: ["body"], msg: "Field required", input: null }]);
  }
  return check(schema, body, "body");
}

/** Airflow's filters by name. One that a list does not know is refused: without it the answer would hold what nobody asked for. */
const FILTER_NAME =
  /_pattern$|_(?:gte|gt|lte|lt)$|^(?:cursor|dag_version|version_number|bundle_name|bundle_version|last_dag_run_state|dag_run_state|has_asset_schedule|asset_dependency|is_favorite|timetable_type|task_group_id|executor|filename|conf_contains)$/;

/**
 * The query as `schema` reads it. Lists are repeated keys; other keys take their last value. Unknown keys are ignored, as FastAPI does, unless they
 * are filters of Airflow's that this route does not have.
 */
export function readQuery<Schema extends z.ZodMiniObject>(c: Context, schema: Schema): z.output<Schema> {
  const given: Record<string, unknown> = Object.create(null);
  const shape: Readonly<Record<string, unknown>> = schema.shape;
  for (const [key, values] of Object.entries(c.req.queries())) {
    if (!Object.hasOwn(shape, key)) {
      if (FILTER_NAME.test(key)) throw new HttpDetailError(400, `The filter '${key}' is not supported here`);
      continue;
    }
    given[key] = isListSchema(shape[key]) ? values : values.at(-1);
  }
  return check(schema, given, "query");
}

/** A value from anywhere in the request. */
export function check<Schema extends z.ZodMiniType>(schema: Schema, value: unknown, where: Location): z.output<Schema> {
  const result = z.safeParse(schema, value);
  if (result.success) return result.data;
  throw validationError(result.error.issues.flatMap((issue) => itemsOf(issue, value, where)));
}

function isListSchema(schema: unknown): boolean {
  let inner = schema;
  while (inner instanceof z.ZodMiniOptional || inner instanceof z.ZodMiniDefault) inner = inner.def.innerType;
  return inner instanceof z.ZodMiniArray;
}

function itemsOf(issue: z.core.$ZodIssue, value: unknown, where: Location): ValidationErrorItem[] {
  const path = issue.path.map((part) => (typeof part === "number" ? part : String(part)));
  const loc = [where, ...path];
  const { found, input, parent } = lookUp(value, path);
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => {
      const extra: unknown = typeof input === "object" && input !== null ? Reflect.get(input, key) : undefined;
      return { type: "extra_forbidden", loc: [...loc, key], msg: "Extra inputs are not permitted", input: extra };
    });
  }
  if (!found && issue.code !== "custom") return [{ type: "missing", loc, msg: "Field required", input: parent }];
  return [{ ...describe(issue), loc, input }];
}

/** The value at a path, and whether its key is there at all. */
function lookUp(
  value: unknown,
  path: readonly (string | number)[],
): { found: boolean; input: unknown; parent: unknown } {
  let input = value;
  let parent: unknown = null;
  for (const part of path) {
    if (typeof input !== "object" || input === null || !Object.hasOwn(input, part)) {
      return { found: false, input: undefined, parent: input };
    }
    parent = input;
    input = Reflect.get(input, part);
  }
  return { found: true, input, parent };
}

type Described = Pick<ValidationErrorItem, "type" | "msg" | "ctx">;

/** Pydantic's type and sentence for what zod found. */
function describe(issue: z.core.$ZodIssue): Described {
  switch (issue.code) {
    case "invalid_type":
      return TYPE_ERRORS[issue.expected] ?? { type: "value_error", msg: `Input should be a valid ${issue.expected}` };
    case "invalid_value": {
      const expected = orList(issue.values.map((value) => `'${String(value)}'`));
      return { type: "enum", msg: `Input should be ${expected}`, ctx: { expected } };
    }
    case "too_big":
      return issue.origin === "string"
        ? {
            type: "string_too_long",
            msg: `String should have at most ${issue.maximum} characters`,
            ctx: { max_length: issue.maximum },
          }
        : {
            type: "less_than_equal",
            msg: `Input should be less than or equal to ${issue.maximum}`,
            ctx: { le: issue.maximum },
          };
    case "too_small":
      return describeTooSmall(issue);
    case "invalid_format":
      return { type: "string_pattern_mismatch", msg: `String should match pattern '${issue.pattern ?? issue.format}'` };
    case "custom":
      return customOf(issue);
    default:
      return { type: "value_error", msg: issue.message };
  }
}

function describeTooSmall(issue: z.core.$ZodIssueTooSmall): Described {
  if (issue.origin === "string") {
    return {
      type: "string_too_short",
      msg: `String should have at least ${issue.minimum} character`,
      ctx: { min_length: issue.minimum },
    };
  }
  return issue.inclusive === false
    ? { type: "greater_than", msg: `Input should be greater than ${issue.minimum}`, ctx: { gt: issue.minimum } }
    : {
        type: "greater_than_equal",
        msg: `Input should be greater than or equal to ${issue.minimum}`,
        ctx: { ge: issue.minimum },
      };
}

/** Our own transforms say type and sentence themselves (`schemas/wire-value.ts`). */
function customOf(issue: z.core.$ZodIssueCustom): Described {
  const type: unknown = issue.params?.["type"];
  return { type: typeof type === "string" ? type : "value_error", msg: issue.message };
}

const TYPE_ERRORS: Readonly<Record<string, Described>> = {
  string: { type: "string_type", msg: "Input should be a valid string" },
  boolean: { type: "bool_type", msg: "Input should be a valid boolean" },
  number: { type: "float_type", msg: "Input should be a valid number" },
  int: { type: "int_type", msg: "Input should be a valid integer" },
  array: { type: "list_type", msg: "Input should be a valid list" },
  record: { type: "dict_type", msg: "Input should be a valid dictionary" },
  object: { type: "model_attributes_type", msg: "Input should be a valid dictionary or object to extract fields from" },
};

function orList(words: readonly string[]): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} or ${words.at(-1) ?? ""}`;
}
