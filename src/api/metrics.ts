/**
 * @module `GET /metrics`: what Prometheus scrapes.
 */
import { HttpDetailError } from "./errors.ts";
import { PROMETHEUS_TEXT, prometheusText } from "../cloudflare/metrics/prometheus-text.ts";
import type { ApiApp } from "./ports.ts";

export function metricsRoutes(app: ApiApp): void {
  app.get("/metrics", async (c) => {
    const families = await c.var.ports.metrics();
    if (families === null) throw new HttpDetailError(404, "Metrics are off: set AIRFLARE_METRICS to 1 and deploy.");
    return c.body(prometheusText(families), 200, { "content-type": PROMETHEUS_TEXT });
  });
}
