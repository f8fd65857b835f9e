/**
 * @module Which targets a deployed Worker may call.
 */
import { expect, test } from "vitest";
import { assertTarget, type NetworkTarget } from "../../../src/dag/network-rules.ts";

const PUBLIC = async (): Promise<readonly string[]> => ["93.184.216.34", "2606:2800:220:1::1"];

function check(url: string, env: object = {}, resolve = PUBLIC): Promise<void> {
  const { hostname, port, protocol } = new URL(url);
  const target: NetworkTarget = {
    host: hostname,
    port: port === "" ? (protocol === "https:" ? 443 : 80) : Number(port),
    kind: "web",
  };
  return assertTarget(env, target, resolve);
}

test.each([
  "http://127.0.0.1/",
  "http://127.1/",
  "http://2130706433/",
  "http://0x7f000001/",
  "http://0177.0.0.1/",
  "http://0/",
  "http://[::1]/",
  "http://[::]/",
  "http://[::ffff:127.0.0.1]/",
  "http://[::ffff:7f00:1]/",
  "http://[0:0:0:0:0:ffff:a9fe:a9fe]/",
  "http://[fe80::1]/",
  "http://[fd00:ec2::254]/",
  "http://169.254.169.254/latest/meta-data",
  "http://10.0.0.1/",
  "http://192.168.0.1/",
  "http://172.20.0.1/",
  "http://100.100.100.200/",
  "http://localhost/",
  "http://LOCALHOST./",
  "http://api.localhost/",
  "http://metadata.google.internal/",
  "http://db.corp/",
  "http://printer.local/",
  "http://intranet/",
  "http://kubernetes.default.svc.cluster.local/",
  "http://１２７.０.０.１/",
  "http://127。0。0。1/",
])("%s is refused", async (url) => {
  await expect(check(url)).rejects.toMatchObject({ code: "target_refused" });
});

test.each([
  "https://example.com/",
  "http://example.com:8080/",
  "https://1.1.1.1/",
  "https://[2606:4700:4700::1111]/",
  "https://example.com./",
])("%s may be called", async (url) => {
  await check(url);
});

test("a public name that points to a private address is refused, also when only one of its addresses does", async () => {
  for (const addresses of [["127.0.0.1"], ["93.184.216.34", "10.0.0.5"], ["::ffff:10.0.0.1"], ["nonsense"]]) {
    await expect(check("https://rebound.example.com/", {}, async () => addresses)).rejects.toMatchObject({
      code: "target_refused",
    });
  }
});

test("a name without an address is unreachable", async () => {
  const resolve = async (): Promise<readonly string[]> => {
    throw new Error("ENOTFOUND");
  };
  await expect(check("https://nowhere.example.com/", {}, resolve)).rejects.toMatchObject({
    code: "target_unreachable",
  });
});

test("odd ports are refused for HTTP, and free for a connection's TCP port", async () => {
  await expect(check("http://example.com:22/")).rejects.toThrow("port");
  await expect(check("http://example.com:6379/")).rejects.toThrow("port");
  await assertTarget({}, { host: "db.example.com", port: 5432, kind: "tcp" }, PUBLIC);
  await expect(assertTarget({}, { host: "10.0.0.1", port: 5432, kind: "tcp" }, PUBLIC)).rejects.toThrow("private");
  await expect(assertTarget({}, { host: "::1", port: 5432, kind: "tcp" }, PUBLIC)).rejects.toThrow("private");
});

test.each([
  ["db.internal:5432", "http://db.internal:5432/", true],
  ["db.internal:5432", "http://db.internal:5433/", false],
  ["*.svc.internal", "http://a.svc.internal:9000/", true],
  ["*.svc.internal", "http://svc.internal/", false],
  ["10.1.0.0/16, other.local", "http://10.1.9.9/", true],
  ["10.1.0.0/16", "http://10.2.0.1/", false],
  ["127.0.0.1", "http://2130706433:1234/", true],
  ["[::1]:8000", "http://[::1]:8000/", true],
  ["::1", "http://[::1]/", true],
  ["fd00::/8", "http://[fd12::1]/", true],
  ["example.com:6379", "http://example.com:6379/", true],
])("with %s listed, %s: %s", async (AIRFLARE_ALLOWED_HOSTS, url, allowed) => {
  const answer = check(url, { AIRFLARE_ALLOWED_HOSTS });
  await (allowed ? answer : expect(answer).rejects.toMatchObject({ code: "target_refused" }));
});

test("a listed network counts for the addresses of a name, too", async () => {
  await check("https://db.example.com/", { AIRFLARE_ALLOWED_HOSTS: "10.1.0.0/16" }, async () => ["10.1.2.3"]);
});

test("a local start calls any host but the Worker itself", async () => {
  await check("http://127.0.0.1:1234/", { AIRFLARE_LOCAL: "1" });
  const env = { AIRFLARE_LOCAL: "1", AIRFLARE_HOSTNAMES: "flows.example.com" };
  await expect(check("https://FLOWS.example.com/", env)).rejects.toThrow("own name");
});
