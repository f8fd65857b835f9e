/**
 * @module Posts to a real local HTTP server as collector.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test, vi } from "vitest";
import { postOtlp } from "../../../../src/cloudflare/metrics/otlp.ts";

const got: { path: string | undefined; headers: NodeJS.Dict<string | string[]>; body: string }[] = [];
let status = 200;
const sink = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    got.push({ path: request.url, headers: request.headers, body: Buffer.concat(chunks).toString() });
    response.writeHead(status).end("no");
  });
});

async function env(): Promise<{ OTEL_EXPORTER_OTLP_ENDPOINT: string; OTEL_EXPORTER_OTLP_HEADERS: string }> {
  await new Promise<void>((resolve) => sink.listen(0, "127.0.0.1", resolve));
  const { port } = sink.address() as AddressInfo;
  return {
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}/otlp/`,
    OTEL_EXPORTER_OTLP_HEADERS: "a=1%2C2,bad,b=100%",
  };
}

afterEach(() => void sink.close());

test("a collector gets JSON below its endpoint with its headers; what it refuses for good is logged, the rest may be tried again", async () => {
  const settings = await env();
  await postOtlp(settings, "traces", { resourceSpans: [] });
  expect(got).toMatchObject([
    {
      path: "/otlp/v1/traces",
      headers: { "content-type": "application/json", a: "1,2", b: "100%" },
      body: '{"resourceSpans":[]}',
    },
  ]);
  const logged = vi.spyOn(console, "error").mockReturnValue(undefined);
  status = 401;
  await postOtlp(settings, "metrics", {});
  expect(logged).toHaveBeenCalledWith(expect.stringContaining("answered 401 to metrics: no"));
  logged.mockRestore();
  status = 503;
  await expect(postOtlp(settings, "metrics", {})).rejects.toThrow("answered 503");
});
