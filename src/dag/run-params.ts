/**
 * @module A run's params: the declared defaults, the conf over them, checked against each param's JSON schema.
 */
import { schemaProblem } from "../lib/json-schema.ts";
import type { DagSpec } from "../model/dag-spec.ts";
import { AirflareError } from "../model/error.ts";

/** Undeclared keys of the conf come along. Throws `invalid_params` that names the first param that does not fit. */
export function runParams(
  { dagId, params }: Pick<DagSpec, "dagId" | "params">,
  conf: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const values: Record<string, unknown> = { ...conf };
  for (const [name, { schema, value }] of Object.entries(params)) {
    const given = conf[name] === undefined ? value : conf[name];
    const details = { dagId, param: name };
    if (given === undefined) {
      throw new AirflareError("invalid_params", `Param '${name}' of DAG ${dagId} is required: give it in the conf.`, {
        details,
      });
    }
    const problem = schemaProblem(schema, given, `Param '${name}' of DAG ${dagId}`);
    if (problem !== undefined) throw new AirflareError("invalid_params", `${problem}.`, { details });
    values[name] = given;
  }
  return values;
}
