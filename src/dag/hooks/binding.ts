/**
 * @module Bindings of the Worker that hooks and operators use by name.
 */
import { AirflareError } from "../../model/error.ts";

/** The binding of this name, which has these methods. Throws `binding_missing`, naming what wrangler.toml needs. */
export function bindingOf(env: object, name: string, kind: string, methods: readonly string[]): object {
  const binding: unknown = Reflect.get(env, name);
  const has = (method: string): boolean => typeof Reflect.get(Object(binding), method) === "function";
  if (typeof binding === "object" && binding !== null && methods.every(has)) return binding;
  throw new AirflareError(
    "binding_missing",
    `The Worker has no ${kind} binding ${name}; add it to wrangler.toml and deploy again.`,
    { details: { binding: name } },
  );
}
