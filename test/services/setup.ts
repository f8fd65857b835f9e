/**
 * @module Starts the real parts and one local Airflare over them, for all tests of the suite, and stops them. A part that cannot be had fails its own tests, with
 * the reason.
 */
import fs from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import type { TestProject } from "vitest/node";
import { LocalStart } from "../start/local-start.ts";
import { startHttpSink } from "./parts/http-sink.ts";
import type { PartState, RunningPart } from "./parts/part.ts";
import { startPostgresql } from "./parts/postgresql.ts";
import { startS3 } from "./parts/s3.ts";
import { startSmtp } from "./parts/smtp.ts";

const PARTS = { postgresql: startPostgresql, s3: startS3, smtp: startSmtp, http: startHttpSink };
export type PartName = keyof typeof PARTS;
type Parts = Readonly<Record<PartName, PartState>>;

declare module "vitest" {
  interface ProvidedContext {
    readonly parts: Parts;
    readonly airflare: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), "airflare-services-"));
  const running: { stop(): Promise<void> }[] = [];
  const states = await Promise.all(
    Object.entries(PARTS).map(async ([name, start]): Promise<[string, PartState]> => {
      try {
        const part: RunningPart = await start(folder);
        running.push(part);
        return [name, { problem: null, place: part.place }];
      } catch (error) {
        return [name, { problem: error instanceof Error ? error.message : String(error) }];
      }
    }),
  );
  const parts = Object.fromEntries(states) as Parts;
  const local = new LocalStart({ AIRFLARE_STATE: path.join(folder, "state"), ...connections(parts) });
  running.push(local);
  project.provide("parts", parts);
  project.provide("airflare", await local.ready());
  return async () => {
    await Promise.allSettled(running.toReversed().map((one) => one.stop()));
    await fs.rm(folder, { recursive: true, force: true });
  };
}

/** Each part under the id that the examples use, as a deployed Worker would have it: in a secret. */
function connections({ postgresql, s3, smtp, http }: Parts): Record<string, string> {
  const env: Record<string, string> = {};
  if (postgresql.problem === null) env["AIRFLARE_CONN_POSTGRES_DEFAULT"] = postgresql.place["uri"] ?? "";
  if (s3.problem === null) {
    const { access, secret, endpoint, bucket } = s3.place;
    const extra = { endpoint_url: endpoint, service_config: { s3: { bucket_name: bucket } } };
    env["AIRFLARE_CONN_AWS_DEFAULT"] = JSON.stringify({ conn_type: "aws", login: access, password: secret, extra });
  }
  if (smtp.problem === null) {
    const { host, port, user, password } = smtp.place;
    const extra = { disable_ssl: true, disable_tls: true, from_email: "airflare@example.com" };
    const fields = { conn_type: "smtp", host, port: Number(port), login: user, password, extra };
    env["AIRFLARE_CONN_SMTP_DEFAULT"] = JSON.stringify(fields);
  }
  if (http.problem === null) {
    env["AIRFLARE_CONN_HTTP_DEFAULT"] = JSON.stringify({ conn_type: "http", host: http.place["url"] });
    env["AIRFLARE_CONN_SLACK"] = JSON.stringify({
      conn_type: "http",
      host: http.place["url"],
      password: "/services/T0/B0/slack-secret",
    });
  }
  return env;
}
