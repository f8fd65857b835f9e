/**
 * @module Airflow variables.
 */
import { MASK, VariableBody, variableListQuery, variableResponse } from "../schemas/variables.ts";
import { isSensitiveName } from "../../model/sensitive-name.ts";
import { keyedRoutes } from "../keyed-resource.ts";
import type { ApiApp } from "../ports.ts";

export function variableRoutes(app: ApiApp): void {
  keyedRoutes(app, {
    path: "/api/v2/variables",
    noun: "Variable",
    keyField: "key",
    listField: "variables",
    listQuery: variableListQuery,
    patternField: "variable_key_pattern",
    order: { key: "key", id: "id", description: "description" },
    body: VariableBody,
    store: (ports) => ports.variables,
    keyOf: (body) => body.key,
    entryOf: (body, stored, fields) => {
      // Values are text in Airflow; JSON is stored as its text.
      const value = typeof body.value === "string" ? body.value : JSON.stringify(body.value);
      const keeps = stored !== null && (!fields.has("value") || (value === MASK && isSensitiveName(body.key)));
      return {
        key: body.key,
        value: keeps ? stored.value : value,
        description: stored !== null && !fields.has("description") ? stored.description : (body.description ?? null),
      };
    },
    response: variableResponse,
  });
}
