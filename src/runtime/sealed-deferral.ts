/**
 * @module The parts of a deferral that may hold a secret (kwargs, address and headers of an HTTP trigger): stored sealed, in the clear only within an attempt.
 */
import type { Deferral } from "../model/deferral.ts";
import type { SealedValues } from "./sealed-values.ts";

/** As it may be stored. Throws `not_configured` when there is a secret in it and nothing to seal it with. */
export function sealedDeferral(deferral: Deferral, sealed: SealedValues): Promise<Deferral> {
  return withTexts(deferral, (text) => sealed.guard(text));
}

/** What {@link sealedDeferral} was given. */
export function openedDeferral(deferral: Deferral, sealed: SealedValues): Promise<Deferral> {
  return withTexts(deferral, (text) => sealed.open(text));
}

async function withTexts(deferral: Deferral, change: (text: string) => Promise<string>): Promise<Deferral> {
  const kwargs = await change(deferral.kwargs);
  const { trigger } = deferral;
  if (trigger.kind !== "http") return { ...deferral, kwargs };
  const headers = await Promise.all(
    Object.entries(trigger.headers).map(async ([name, value]) => [name, await change(value)] as const),
  );
  const endpoint = await change(trigger.endpoint);
  return { ...deferral, kwargs, trigger: { ...trigger, endpoint, headers: Object.fromEntries(headers) } };
}
