/**
 * @module The example over PostgreSQL, S3 and HTTP servers: what it did is read back from each of them.
 */
import fs from "node:fs/promises";
import path from "node:path";
import postgres from "postgres";
import { S3Hook } from "airflare";
import { testContext } from "airflare/testing";
import { beforeAll, expect, test } from "vitest";
import { sinkRequests } from "./parts/http-sink.ts";
import { client, partAt, ranExample } from "./services.ts";

const REPORT = [
  { country: "DE", customers: 1 },
  { country: "FR", customers: 2 },
];

beforeAll(async () => {
  const sql = postgres(partAt("postgresql")["uri"] ?? "", { max: 1, onnotice: () => undefined });
  await sql`DROP TABLE IF EXISTS customers`;
  await sql`CREATE TABLE customers (id bigint, country text, updated_at timestamptz)`;
  await sql`INSERT INTO customers VALUES (1, 'DE', '2026-01-01'), (2, 'FR', '2026-01-01'), (3, 'FR', '2026-01-02'), (4, 'US', '2026-02-01')`;
  await sql.end();
});

test("publish_report leaves the report in the bucket, and tells the API and the chat", async () => {
  const run = await ranExample(await client(), "publish_report", {}, "2026-01-31T00:00:00Z");
  expect(run.state).toBe("success");
  expect(await run.result("publish")).toBe("reports/2026-01-31.json");
  const { folder, bucket } = partAt("s3");
  const file = path.join(folder ?? "", bucket ?? "", "reports/2026-01-31.json");
  expect(JSON.parse(await fs.readFile(file, "utf8"))).toEqual(REPORT);
  const sent = sinkRequests(partAt("http")["file"] ?? "").map(({ method, url, body }) => ({
    method,
    url,
    body: JSON.parse(body) as unknown,
  }));
  expect(sent).toEqual([
    { method: "POST", url: "/reports/2026-01-31", body: { key: "reports/2026-01-31.json", run: run.runId } },
    { method: "POST", url: "/services/T0/B0/slack-secret", body: { text: "reports/2026-01-31.json has 2 countries" } },
  ]);
});

test("the secret of the chat's URL is in no log of the run", async () => {
  const run = await ranExample(await client(), "publish_report", {}, "2026-01-30T00:00:00Z");
  for (const task of ["count_customers", "publish", "tell_warehouse", "tell_team"])
    expect(await run.log(task)).not.toContain("slack-secret");
});

test("a real S3 server takes our signatures: odd keys, listings of several pages, deletion, refusal", async () => {
  const { endpoint, access, secret, bucket } = partAt("s3");
  const connection = (password = secret ?? "") => ({
    connType: "aws",
    login: access ?? "",
    password,
    extra: { endpoint_url: endpoint, service_config: { s3: { bucket_name: bucket } } },
  });
  const s3 = await testContext({ connections: { aws_default: connection() } }).hook(S3Hook, "aws_default");
  const keys = ["odd/with space", "odd/ü+ö", "odd/(1)!'*", "odd/50%", "odd/a&b"];
  for (const key of keys) {
    await s3.loadString(key, key);
    expect(await s3.readKey(key), key).toBe(key);
  }
  expect(await s3.listKeys({ prefix: "odd/" })).toEqual(keys.toSorted());
  expect(await s3.headObject("odd/50%")).toMatchObject({ size: 7 });
  const many = Array.from({ length: 1005 }, (_, n) => `many/${String(n).padStart(4, "0")}`);
  for (let at = 0; at < many.length; at += 100)
    await Promise.all(many.slice(at, at + 100).map((key) => s3.loadString("x", key)));
  expect(await s3.listKeys({ prefix: "many/" })).toEqual(many);
  await s3.deleteObjects([...many, ...keys]);
  expect(await s3.listKeys({ prefix: "odd/" })).toEqual([]);
  const wrong = await testContext({ connections: { aws_default: connection("wrong secret") } }).hook(
    S3Hook,
    "aws_default",
  );
  await expect(wrong.listKeys()).rejects.toThrow("SignatureDoesNotMatch");
});
