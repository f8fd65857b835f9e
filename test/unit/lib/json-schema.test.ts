/**
 * @module What params may be checked for.
 */
import { expect, test } from "vitest";
import { schemaProblem } from "../../../src/lib/json-schema.ts";

test.each<[object, unknown]>([
  [{}, { any: 1 }],
  [{ type: "integer" }, 3],
  [{ type: ["string", "null"] }, null],
  [{ enum: ["eu", "us"] }, "eu"],
  [{ const: { a: 1 } }, { a: 1 }],
  [{ type: "number", minimum: 1, maximum: 2, multipleOf: 0.5 }, 1.5],
  [{ type: "string", minLength: 1, maxLength: 1 }, "😀"],
  [{ type: "string", pattern: "^a" }, "abc"],
  [{ format: "date" }, "2026-02-28"],
  [{ format: "date-time" }, "2026-02-28T01:02:03.5+02:00"],
  [{ format: "uuid" }, "123e4567-e89b-12d3-a456-426614174000"],
  [{ type: "array", items: { type: "integer" }, minItems: 1, uniqueItems: true }, [1, 2]],
  [
    {
      type: "object",
      properties: { a: { type: "integer" } },
      required: ["a"],
      additionalProperties: { type: "string" },
    },
    { a: 1, b: "x" },
  ],
  [{ anyOf: [{ type: "string" }, { minimum: 5 }] }, 5],
  [{ oneOf: [{ type: "string" }, { type: "integer" }] }, "x"],
  [{ allOf: [{ minimum: 1 }, { maximum: 3 }] }, 2],
])("%j takes %j", (schema, value) => expect(schemaProblem({ ...schema }, value, "x")).toBeUndefined());

test.each<[object, unknown, RegExp]>([
  [{ type: "integer" }, 1.5, /^x must be of type integer, got 1.5$/],
  [{ type: "number" }, "1", /type number/],
  [{ type: "boolean" }, 1, /type boolean/],
  [{ type: "object" }, [], /type object/],
  [{ enum: ["eu", "us"] }, "mars", /^x must be one of "eu", "us", got "mars"$/],
  [{ minimum: 1 }, 0, /at least 1/],
  [{ exclusiveMaximum: 1 }, 1, /less than 1/],
  [{ multipleOf: 2 }, 3, /a multiple of 2/],
  [{ minLength: 2 }, "😀", /length of at least 2/],
  [{ pattern: "^a" }, "b", /match \^a/],
  [{ format: "date" }, "2026-02-31", /must be a date/],
  [{ format: "date-time" }, "2026-02-28", /must be a date-time/],
  [{ items: { type: "integer" } }, [1, "b"], /^x\[1\] must be of type integer/],
  [{ maxItems: 1 }, [1, 2], /at most 1/],
  [{ uniqueItems: true }, [1, 1], /no item twice/],
  [{ required: ["a"] }, {}, /^x\.a is required$/],
  [{ properties: { a: { minimum: 2 } } }, { a: 1 }, /^x\.a must be at least 2/],
  [{ additionalProperties: false }, { b: 1 }, /^x\.b is not allowed$/],
  [{ anyOf: [{ type: "string" }, { type: "null" }] }, 1, /type string/],
  [{ oneOf: [{ minimum: 1 }, { minimum: 2 }] }, 3, /more than one/],
  [{ allOf: [{ minimum: 1 }, { maximum: 3 }] }, 4, /at most 3/],
])("%j refuses %j", (schema, value, problem) => expect(schemaProblem({ ...schema }, value, "x")).toMatch(problem));
