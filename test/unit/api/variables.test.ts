/**
 * @module Variables and connections over HTTP: life of an entry, masks that are never sent back, bulk requests.
 */
import { ConnectionResponse, VariableResponse } from "../../../src/api/schemas/variables.ts";
import { beforeEach, describe, expect, it } from "vitest";
import { BulkResponse } from "../../../src/api/schemas/bulk.ts";
import { FakeDeployment } from "../../support/api-fakes.ts";

const VARIABLES = "/api/v2/variables";
const CONNECTIONS = "/api/v2/connections";
let deployment: FakeDeployment;
beforeEach(() => {
  deployment = new FakeDeployment([]);
});
const send = async (method: string, path: string, body?: unknown) => {
  const answer = await deployment.request(method, path, body);
  const text = await answer.text();
  return { status: answer.status, json: text === "" ? null : (JSON.parse(text) as unknown) };
};

describe("variables", () => {
  it("are created, read, listed, patched and deleted", async () => {
    const made = await send("POST", VARIABLES, { key: "v_1", value: "1", description: "d" });
    expect(made).toEqual({
      status: 201,
      json: { key: "v_1", value: "1", description: "d", is_encrypted: true, team_name: null },
    });
    expect(VariableResponse.parse(made.json)).toEqual(made.json);
    expect(await send("POST", VARIABLES, { key: "v_1", value: "2" })).toEqual({
      status: 409,
      json: { detail: "The Variable with key: `v_1` already exists" },
    });
    expect(await send("GET", `${VARIABLES}?variable_key_pattern=V_`)).toMatchObject({
      json: { total_entries: 1, variables: [{ key: "v_1" }] },
    });
    expect(
      await send("PATCH", `${VARIABLES}/v_1?update_mask=value`, { key: "v_1", value: "2", description: "other" }),
    ).toMatchObject({ json: { value: "2", description: "d" } });
    expect(await send("PATCH", `${VARIABLES}/v_1`, { key: "other", value: "2" })).toMatchObject({ status: 400 });
    expect(await send("DELETE", `${VARIABLES}/v_1`)).toEqual({ status: 204, json: null });
    for (const method of ["GET", "DELETE"]) {
      expect(await send(method, `${VARIABLES}/v_1`)).toEqual({
        status: 404,
        json: { detail: "The Variable with key: `v_1` was not found" },
      });
    }
  });

  it("hold JSON as text, and keys with slashes", async () => {
    await send("POST", VARIABLES, { key: "a/b", value: { n: [1] } });
    expect(await send("GET", `${VARIABLES}/a/b`)).toMatchObject({ json: { key: "a/b", value: '{"n":[1]}' } });
  });

  it("with a name that sounds secret are never sent back, and *** keeps them", async () => {
    expect(await send("POST", VARIABLES, { key: "db_password", value: "s3cret" })).toMatchObject({
      json: { value: "***" },
    });
    expect(JSON.stringify(await send("GET", VARIABLES))).not.toContain("s3cret");
    await send("PATCH", `${VARIABLES}/db_password`, { key: "db_password", value: "***", description: "new" });
    expect(deployment.variables.stored.get("db_password")).toEqual({
      key: "db_password",
      value: "s3cret",
      description: "new",
    });
  });

  it("are created and deleted in bulk, each entity with its own outcome", async () => {
    const create = {
      action: "create",
      entities: [
        { key: "x", value: "1" },
        { key: "y", value: "2" },
        { key: "x", value: "3" },
      ],
    };
    const made = await send("PATCH", VARIABLES, { actions: [create] });
    expect(BulkResponse.parse(made.json)).toEqual(made.json);
    expect(made.json).toEqual({
      create: {
        success: ["x", "y"],
        errors: [{ error: "The Variable with key: `x` already exists", status_code: 409 }],
      },
      update: null,
      delete: null,
    });
    const rest = [
      {
        action: "update",
        entities: [
          { key: "x", value: "9" },
          { key: "no", value: "9" },
        ],
        action_on_non_existence: "skip",
      },
      { action: "create", entities: [{ key: "x", value: "10" }], action_on_existence: "overwrite" },
      { action: "delete", entities: ["y", { key: "x", value: "" }, "no"] },
    ];
    expect((await send("PATCH", VARIABLES, { actions: rest })).json).toMatchObject({
      create: { success: ["x"] },
      update: { success: ["x"], errors: [] },
      delete: { success: ["y", "x"], errors: [{ status_code: 404 }] },
    });
  });

  it.each([
    [{ key: "k" }, "missing"],
    [{ key: "k".repeat(251), value: 1 }, "string_too_long"],
    [{ key: "k", value: 1, extra: 1 }, "extra_forbidden"],
  ])("refuse %j", async (body, type) => {
    expect(await send("POST", VARIABLES, body)).toMatchObject({ status: 422, json: { detail: [{ type }] } });
  });
});

describe("connections", () => {
  const http = {
    connection_id: "c_1",
    conn_type: "http",
    host: "h",
    port: 80,
    login: "u",
    password: "s3cret",
    extra: '{"a": 1, "api_key": "k3y"}',
  };

  it("are created, read, patched and deleted without their secrets", async () => {
    const made = await send("POST", CONNECTIONS, http);
    expect(ConnectionResponse.parse(made.json)).toEqual(made.json);
    expect(made).toMatchObject({
      status: 201,
      json: {
        connection_id: "c_1",
        host: "h",
        port: 80,
        password: "***",
        extra: '{"a":1,"api_key":"***"}',
        schema: null,
      },
    });
    expect(JSON.stringify(await send("GET", CONNECTIONS))).not.toMatch(/s3cret|k3y/);
    expect((await send("POST", CONNECTIONS, http)).status).toBe(409);
    expect(
      await send("PATCH", `${CONNECTIONS}/c_1?update_mask=host`, {
        connection_id: "c_1",
        conn_type: "http",
        host: "h2",
        login: "ignored",
      }),
    ).toMatchObject({ json: { host: "h2", login: "u", port: 80 } });
    expect((await send("DELETE", `${CONNECTIONS}/c_1`)).status).toBe(204);
    expect(await send("GET", `${CONNECTIONS}/c_1`)).toEqual({
      status: 404,
      json: { detail: "The Connection with connection_id: `c_1` was not found" },
    });
  });

  it("sent back as they were read keep their secrets", async () => {
    const { json } = await send("POST", CONNECTIONS, http);
    await send("PATCH", `${CONNECTIONS}/c_1`, { ...(json as object), description: "new" });
    expect(deployment.connections.stored.get("c_1")).toMatchObject({
      password: "s3cret",
      extra: { a: 1, api_key: "k3y" },
      description: "new",
    });
  });

  it.each([
    [{ connection_id: "a b", conn_type: "http" }, "string_pattern_mismatch"],
    [{ connection_id: "c", conn_type: "http", port: "x" }, "float_type"],
    [{ connection_id: "c", conn_type: "http", extra: "no json" }, "value_error"],
    [{ connection_id: "c", conn_type: "http", extra: "[1]" }, "value_error"],
    [{ connection_id: "c" }, "missing"],
  ])("refuse %j", async (body, type) => {
    expect(await send("POST", CONNECTIONS, body)).toMatchObject({ status: 422, json: { detail: [{ type }] } });
    expect(deployment.connections.stored.size).toBe(0);
  });
});

describe("the test of a connection", () => {
  const stored = {
    connection_id: "pg",
    conn_type: "postgres",
    host: "db.example.com",
    port: 5432,
    login: "me",
    password: "s3cret",
    extra: '{"api_token":"t0ken","endpoint_url":"https://a.example.com"}',
  };
  const tried = async (change: object) => {
    await send("POST", CONNECTIONS, stored);
    const { status, json } = await send("POST", `${CONNECTIONS}/test`, { ...stored, ...change });
    return { status, json, entry: deployment.tried.at(-1) };
  };

  it("tries what is sent and stores nothing", async () => {
    expect(await send("POST", `${CONNECTIONS}/test`, { ...stored, connection_id: "new" })).toEqual({
      status: 200,
      json: { status: true, message: "tried" },
    });
    expect(deployment.tried).toMatchObject([{ id: "new", password: "s3cret", extra: { api_token: "t0ken" } }]);
    expect(await send("GET", `${CONNECTIONS}/new`)).toMatchObject({ status: 404 });
  });

  it("uses stored secrets for the stored place only", async () => {
    const masked = { password: "***", extra: '{"api_token":"***","endpoint_url":"https://a.example.com"}' };
    expect((await tried(masked)).entry).toMatchObject({ password: "s3cret", extra: { api_token: "t0ken" } });
    for (const elsewhere of [{ host: "evil.example.com" }, { port: 1 }, { conn_type: "http" }]) {
      const { entry } = await tried({ ...masked, ...elsewhere });
      expect(JSON.stringify(entry), JSON.stringify(elsewhere)).not.toMatch(/s3cret|t0ken/);
    }
    const { entry } = await tried({
      password: "***",
      extra: '{"api_token":"***","endpoint_url":"https://evil.example.com"}',
    });
    expect(JSON.stringify(entry)).not.toMatch(/s3cret|t0ken/);
  });

  it("refuses a body that is no connection", async () => {
    expect(await send("POST", `${CONNECTIONS}/test`, { connection_id: "x" })).toMatchObject({ status: 422 });
  });
});
