/**
 * @module OTLP over HTTP in its JSON form: where to, with which headers, and one POST. Variables are OpenTelemetry's own.
 */
import type { Env } from "../env.ts";

const TIMEOUT_MS = 10_000;

export type OtlpEnv = Pick<Env, "OTEL_EXPORTER_OTLP_ENDPOINT" | "OTEL_EXPORTER_OTLP_HEADERS" | "OTEL_SERVICE_NAME">;

/** Whether a collector is named. */
export function hasCollector({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint }: OtlpEnv): boolean {
  return endpoint !== undefined && endpoint.trim() !== "";
}

/** A value of an OTLP attribute list. Integers are texts in OTLP's JSON. */
export interface OtlpAttribute {
  readonly key: string;
  readonly value: { readonly stringValue: string } | { readonly intValue: string };
}

export function otlpAttributes(values: Readonly<Record<string, string | number>>): readonly OtlpAttribute[] {
  return Object.entries(values).map(([key, value]) => ({
    key,
    value: typeof value === "string" ? { stringValue: value } : { intValue: String(value) },
  }));
}

/** Nanoseconds as OTLP writes them. */
export function nanoseconds(ms: number): string {
  return String(BigInt(Math.max(0, Math.round(ms))) * 1_000_000n);
}

/** Who sends: the same for metrics and spans. */
export function otlpResource({ OTEL_SERVICE_NAME: name }: OtlpEnv): { readonly attributes: readonly OtlpAttribute[] } {
  return { attributes: otlpAttributes({ "service.name": name ?? "airflare" }) };
}

/**
 * Sends one body. Throws for what may pass (no answer, 429, 5xx), so that the caller may try again; what the collector refuses for good is logged.
 */
export async function postOtlp(env: OtlpEnv, signal: "metrics" | "traces", body: object): Promise<void> {
  const endpoint = (env.OTEL_EXPORTER_OTLP_ENDPOINT ?? "").trim().replace(/\/+$/, "");
  const answer = await fetch(`${endpoint}/v1/${signal}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headersOf(env.OTEL_EXPORTER_OTLP_HEADERS ?? "") },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (answer.ok) {
    await answer.body?.cancel();
    return;
  }
  const said = `The collector answered ${answer.status} to ${signal}: ${(await answer.text()).slice(0, 500)}`;
  if (answer.status === 429 || answer.status >= 500) throw new Error(said);
  console.error(`airflare: ${said}`);
}

/** `name=value,name=value`, values percent-encoded. */
function headersOf(text: string): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {};
  for (const part of text.split(",")) {
    const at = part.indexOf("=");
    if (at > 0) headers[part.slice(0, at).trim().toLowerCase()] = decoded(part.slice(at + 1).trim());
  }
  return headers;
}

/** A text that is not percent-encoded is taken as it is. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
