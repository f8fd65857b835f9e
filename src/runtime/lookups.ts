/**
 * @module `ctx.variables`, `ctx.connections` and `ctx.hook`: looked up at use, secrets registered for masking before the author sees them.
 */
import type { HookClass, Variables } from "../dag/context.ts";
import type { Lookups } from "../dag/lookups.ts";
import type { Env } from "../dag/register.ts";
import { AirflareError } from "../model/error.ts";
import { isSensitiveName } from "../model/sensitive-name.ts";
import type { OpenHooks } from "./open-hooks.ts";
import type { Connection, RuntimePorts } from "./ports.ts";
import type { SecretMasker } from "./secret-masker.ts";

type LookupPorts = Pick<RuntimePorts, "variables" | "connections" | "variableDefaults">;

/** Names shown in the error of a missing variable or connection. */
const NAMES_SHOWN_MAX = 50;

/** Both, for code without a context. */
export function lookupsOf(ports: LookupPorts, masker: SecretMasker): Lookups {
  return { variables: variablesOf(ports, masker), connections: { get: connectionGetter(ports, masker) } };
}

export function variablesOf(ports: LookupPorts, masker: SecretMasker): Variables {
  const get = async (
    name: string,
    options: { readonly default?: unknown; readonly json?: boolean } = {},
  ): Promise<unknown> => {
    const text = await ports.variables.get(name);
    const declared = ports.variableDefaults?.[name];
    if (text === undefined) {
      if ("default" in options) return options.default;
      if (declared !== undefined) return declared;
      const known = [...(await ports.variables.names()), ...Object.keys(ports.variableDefaults ?? {})];
      throw new AirflareError(
        "variable_not_found",
        `There is no variable ${name}${listed(known)}. Set it (airflare variables set ${name} <value>) or give { default }.`,
      );
    }
    if (isSensitiveName(name)) masker.register(text);
    const json = options.json ?? (declared !== undefined && typeof declared !== "string");
    return json ? parsed(name, text) : text;
  };
  // The declared types of the project's variables are the author's promise about the stored text.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return { get } as Variables;
}

/** Finds connections by id; each found one is registered for masking. */
export function connectionGetter(ports: LookupPorts, masker: SecretMasker): (id: string) => Promise<Connection> {
  return async (id) => {
    const connection = await ports.connections.get(id);
    if (connection === undefined) {
      throw new AirflareError(
        "connection_not_found",
        `There is no connection ${id}${listed(await ports.connections.ids())}. Add it: airflare connections add ${id} --conn-uri <uri>.`,
      );
    }
    masker.registerConnection(connection);
    return connection;
  };
}

/** `ctx.hook`: an instance of the class over the connection and the bindings, closed when the attempt ends. */
export function hookMaker(
  connection: (id: string) => Promise<Connection>,
  env: Env,
  hooks: OpenHooks,
): <H>(hook: HookClass<H>, connectionId: string) => Promise<H> {
  return async (hookClass, connectionId) => {
    const hook = new hookClass(await connection(connectionId), env);
    hooks.add(hook);
    return hook;
  };
}

function parsed(name: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new AirflareError("invalid_request", `Variable ${name} is read as JSON but its value is none.`, {
      cause: error,
    });
  }
}

function listed(names: readonly string[]): string {
  if (names.length === 0) return " (there are none)";
  const shown = [...new Set(names)].toSorted();
  const more = shown.length - NAMES_SHOWN_MAX;
  return ` (there are: ${shown.slice(0, NAMES_SHOWN_MAX).join(", ")}${more > 0 ? ` and ${more} more` : ""})`;
}
