/**
 * @module What the masker finds, and what it leaves alone.
 */
import { expect, test } from "vitest";
import { SecretMasker } from "../../../src/runtime/secret-masker.ts";
import { SealedValues } from "../../../src/runtime/sealed-values.ts";
import { connectionOf, memorySecrets } from "../../../src/testing/memory-ports.ts";

const SECRET = 'p@ss/w:rd "x"+ü';

function maskerOf(secret: string): SecretMasker {
  const masker = new SecretMasker();
  masker.register(secret);
  return masker;
}

const base64 = (text: string): string => Buffer.from(text).toString("base64");

test.each([
  ["as it is", SECRET],
  ["in JSON", JSON.stringify({ s: SECRET })],
  ["in JSON in JSON", JSON.stringify(JSON.stringify({ s: SECRET }))],
  ["in a query", `?s=${encodeURIComponent(SECRET)}`],
  ["in a query in lower case", `?s=${encodeURIComponent(SECRET).replaceAll(/%../g, (code) => code.toLowerCase())}`],
  ["in a form", new URLSearchParams({ s: SECRET }).toString()],
  ["in a path", encodeURI(SECRET)],
  ["in hex", Buffer.from(SECRET).toString("hex")],
  ["in base64", base64(SECRET)],
  ["in base64 without padding", base64(SECRET).replaceAll("=", "")],
  ["in base64url", Buffer.from(SECRET).toString("base64url")],
  ["in base64 after one byte", base64(`a${SECRET}b`)],
  ["in base64 after two bytes", base64(`ab${SECRET}b`)],
  ["in base64 after a login", base64(`somebody:${SECRET}`)],
])("a secret is found %s", (_, text) => {
  const masked = maskerOf(SECRET).mask(`before ${text} after`);
  expect(masked).toContain("***");
  for (const trace of ["ss/w", "ss%2Fw", "ss%2fw", Buffer.from("ss/w").toString("hex")])
    expect(masked).not.toContain(trace);
});

test("short values are words, and other texts stay what they are", () => {
  const masker = maskerOf("abcd");
  expect(masker.mask("abcd")).toBe("abcd");
  expect(maskerOf(SECRET).mask("nothing of it: p@ss")).toBe("nothing of it: p@ss");
});

test("a secret inside a longer one is hidden with it", () => {
  const masker = maskerOf("secret");
  masker.register("my-secret-long");
  expect(masker.mask("my-secret-long secret")).toBe("*** ***");
});

test("names of fields are masked, too", () => {
  expect(maskerOf("hunter22").maskJson({ hunter22: 1, list: [{ a: "x hunter22" }] })).toEqual({
    "***": 1,
    list: [{ a: "x ***" }],
  });
});

test("a connection's password, its basic authentication and sensitive extra are secrets", () => {
  const masker = new SecretMasker();
  masker.registerConnection(
    connectionOf("pg", { login: "me", password: "hunter22", extra: { api_token: "tokentoken", region: "eu-west" } }),
  );
  expect(masker.mask(`hunter22 tokentoken eu-west ${base64("me:hunter22")}`)).toBe("*** *** eu-west ***");
});

test("secrets among the bindings are known from the start", () => {
  const env = {
    AIRFLARE_CONN_PG: "postgres://me:p%40ssword@db/x",
    AIRFLOW_CONN_API: '{"conn_type":"http","password":"json \\"quoted\\" secret","host":"api.example.com"}',
    AIRFLARE_VAR_API_KEY: "variable-key",
    AIRFLARE_VAR_DB_HOST: "db.internal",
    AIRFLARE_SECRET_KEY: "deployment-key",
    STRIPE_SECRET: "whsec-123",
    LAKE: {},
  };
  const masker = new SecretMasker(env);
  expect(masker.mask("p@ssword p%40ssword variable-key db.internal deployment-key whsec-123 api.example.com")).toBe(
    "*** *** *** db.internal *** *** api.example.com",
  );
  expect(masker.mask('json "quoted" secret')).toBe("***");
  expect(new SecretMasker(env).mask("whsec-123")).toBe("***");
  expect(new SecretMasker().mask("whsec-123")).toBe("whsec-123");
});

test("a value with a secret in it is stored sealed and opens again; any other is stored as it is", async () => {
  const sealed = new SealedValues(memorySecrets(), maskerOf("hunter22"));
  const stored = await sealed.guard('["hunter22"]');
  expect(stored).not.toContain("hunter22");
  expect(await sealed.open(stored)).toBe('["hunter22"]');
  expect(await sealed.guard('["plain"]')).toBe('["plain"]');
  expect(await sealed.open('["plain"]')).toBe('["plain"]');
  expect(() => sealed.assertName("XCom key", "of hunter22")).toThrow("The XCom key of *** holds a secret");
});
