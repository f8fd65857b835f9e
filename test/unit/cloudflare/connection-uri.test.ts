/**
 * @module Connections from Airflow's URIs and JSON, and back.
 */
import { expect, test } from "vitest";
import { connectionUri, parseConnection } from "../../../src/cloudflare/connection-uri.ts";

const postgres = {
  connType: "postgres",
  host: "db.example",
  port: 5432,
  login: "me@x",
  password: "p/w:1",
  schema: "sales",
  extra: { sslmode: "require" },
};

test("a URI gives all fields, percent-decoded", () => {
  expect(parseConnection("postgres://me%40x:p%2Fw%3A1@db.example:5432/sales?sslmode=require")).toEqual(postgres);
});

test("a connection's URI reads back as the connection", () => {
  expect(parseConnection(connectionUri(postgres))).toEqual(postgres);
  const nested = { ...postgres, connType: "google_cloud", extra: { a: { b: 1 } } };
  expect(parseConnection(connectionUri(nested))).toEqual(nested);
});

test("missing parts are null, not empty", () => {
  expect(parseConnection("http://api.example")).toEqual({
    connType: "http",
    host: "api.example",
    port: null,
    login: null,
    password: null,
    schema: null,
    extra: {},
  });
});

test("JSON with conn_type is read; extra may be an object or a text", () => {
  expect(parseConnection('{"conn_type":"http","host":"h","extra":"{\\"k\\":1}"}')).toMatchObject({
    host: "h",
    extra: { k: 1 },
  });
  expect(parseConnection('{"conn_type":"http","extra":{"k":1}}')).toMatchObject({ extra: { k: 1 } });
});

test.each(["", "just words", '{"host":"h"}', "{broken"])("'%s' is no connection", (text) => {
  expect(parseConnection(text)).toBeNull();
});

test("an IPv6 host keeps its brackets", () => {
  expect(parseConnection("postgres://[::1]:5433/db")).toMatchObject({ host: "[::1]", port: 5433, schema: "db" });
});

test("a percent sign that encodes nothing makes the text no connection", () => {
  expect(parseConnection("postgres://me:100%@db")).toBeNull();
});
