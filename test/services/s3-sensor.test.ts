/**
 * @module The example that waits for objects, over a real S3 server: a wildcard over many pages of keys, and keys with characters that a signature trips over.
 */
import { AwsClient } from "aws4fetch";
import { beforeAll, expect, test } from "vitest";
import { client, partAt, ranExample } from "./services.ts";

let put: (key: string) => Promise<void>;

beforeAll(() => {
  const { endpoint = "", access = "", secret = "", bucket = "" } = partAt("s3");
  const s3 = new AwsClient({ accessKeyId: access, secretAccessKey: secret, service: "s3", region: "us-east-1" });
  put = async (key) => {
    const path = key.split("/").map(encodeURIComponent).join("/");
    const answer = await s3.fetch(`${endpoint}/${bucket}/${path}`, { method: "PUT", body: key });
    expect(answer.status, await answer.text()).toBe(200);
  };
});

test("s3_key_sensor finds the key that matches, behind more than a page of others", { timeout: 120_000 }, async () => {
  const others = Array.from({ length: 1_100 }, (_, i) => `data/customers/a-${String(i).padStart(4, "0")}.tmp`);
  for (let at = 0; at < others.length; at += 50) await Promise.all(others.slice(at, at + 50).map(put));
  await put("data/customers/z 2026/1+1 & (more).csv");
  const run = await ranExample(await client(), "s3_key_sensor", { bucket: partAt("s3")["bucket"] });
  expect(run.state).toBe("success");
  expect(await run.log("wait_for_s3")).toContain("Poking for key: s3://lake/data/customers/*.csv");
});
