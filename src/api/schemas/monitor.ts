/**
 * @module Health and version on the wire.
 */
import { nullableText } from "./wire-value.ts";
import * as z from "zod/mini";

export const HealthInfoResponse = z.object({
  metadatabase: z.object({ status: nullableText }),
  scheduler: z.object({ status: nullableText, latest_scheduler_heartbeat: nullableText }),
  triggerer: z.object({ status: nullableText, latest_triggerer_heartbeat: nullableText }),
  dag_processor: z.nullable(z.object({ status: nullableText, latest_dag_processor_heartbeat: nullableText })),
});

export const VersionInfo = z.object({ version: z.string(), git_version: nullableText });

export const LoginBody = z.strictObject({ username: z.string(), password: z.string() });
export const LoginResponse = z.object({ access_token: z.string() });
