/**
 * @module `npm start` as a user meets it: the demo run, saved files, killed processes, taken ports.
 */
import fs from "node:fs/promises";
import net from "node:net";
import path from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { isAlive, LocalStart, logIn, oneTaskDag, scratchFolder, until, type Api } from "./local-start.ts";

const started: LocalStart[] = [];
const folders: string[] = [];

function start(env: Record<string, string>): LocalStart {
  const local = new LocalStart(env);
  started.push(local);
  return local;
}
async function newFolder(): Promise<string> {
  const folder = await scratchFolder();
  folders.push(folder);
  return folder;
}
/** A DAG folder with one DAG, and a state folder. */
async function scratch(): Promise<{ AIRFLARE_STATE: string; AIRFLARE_DAGS: string }> {
  const folder = await newFolder();
  const dags = path.join(folder, "dags");
  await fs.mkdir(dags);
  await fs.writeFile(path.join(dags, "first.ts"), oneTaskDag("first", "one"));
  return { AIRFLARE_STATE: path.join(folder, "state"), AIRFLARE_DAGS: dags };
}
async function stopAll(): Promise<void> {
  await Promise.all(started.splice(0).map((local) => local.stop()));
  await Promise.all(folders.splice(0).map((folder) => fs.rm(folder, { recursive: true, force: true })));
}

describe("the first start", () => {
  afterAll(stopAll);

  test("runs the demo DAG, shows what it did and where its traces are, then is ready; the second start runs none", async () => {
    const AIRFLARE_STATE = path.join(await newFolder(), "state");
    const first = start({ AIRFLARE_STATE, AIRFLARE_DEMO: "1" });
    await first.ready();
    expect(first.output).toMatch(/customer_etl_pipeline success in \d+\.\d\d s/);
    expect(first.output).toMatch(/run object +[0-9a-f]{64}\n/);
    expect(first.output).toMatch(/queue messages +\d+/);
    expect(first.output).toMatch(/D1 rows +dag_run 1, task_instance [1-9]/);
    expect(first.output).toMatch(/large XCom +xcom\/customer_etl_pipeline\/\S+/);
    expect(first.output.indexOf("customer_etl_pipeline success")).toBeLessThan(first.output.indexOf("\nready "));
    await first.stop();

    const second = start({ AIRFLARE_STATE, AIRFLARE_DEMO: "1" });
    const api = await logIn(await second.ready());
    expect(second.output).not.toContain("first start");
    const { body } = await api("GET", "/api/v2/dags/customer_etl_pipeline/dagRuns");
    expect(body).toMatchObject({ total_entries: 1, dag_runs: [{ state: "success" }] });
  });
});

describe("a running start", () => {
  let local: LocalStart;
  let api: Api;
  let env: { AIRFLARE_STATE: string; AIRFLARE_DAGS: string };

  beforeAll(async () => {
    env = await scratch();
    local = start(env);
    api = await logIn(await local.ready());
  });
  afterAll(stopAll);

  const runOf = async (dagId: string) => {
    const { body } = await api("POST", `/api/v2/dags/${dagId}/dagRuns`, { logical_date: null });
    const runPath = `/api/v2/dags/${dagId}/dagRuns/${encodeURIComponent(String(body["dag_run_id"]))}`;
    return until(
      async () => {
        const { body: run } = await api("GET", runPath);
        return run["state"] === "success" || run["state"] === "failed" ? run["state"] : null;
      },
      () => `the end of a run of ${dagId}:\n${local.output}`,
    );
  };

  test("runs a DAG of a folder elsewhere", async () => {
    expect(await runOf("first")).toBe("success");
  });

  test("pages beside the API are the static ones", async () => {
    const response = await fetch(await local.ready());
    expect([response.status, await response.text()]).toEqual([200, expect.stringContaining("<title>Airflare</title>")]);
  });

  test("a cron tick sent by hand is answered", async () => {
    const url = await local.ready();
    const response = await fetch(`${url}/cdn-cgi/local/scheduled?cron=*+*+*+*+*&time=${Date.now()}`);
    expect(response.status).toBe(200);
  });

  test("a saved DAG file goes live", async () => {
    await fs.writeFile(path.join(env.AIRFLARE_DAGS, "second.ts"), oneTaskDag("second", "two"));
    await until(
      // A request that is under way while workerd is started again is cut off.
      async () => (await api("GET", "/api/v2/dags/second").catch(() => null))?.status === 200,
      () => `the saved DAG:\n${local.output}`,
    );
    expect(await runOf("second")).toBe("success");
  });

  test("a file that does not parse becomes an import error and hurts no other", async () => {
    await fs.writeFile(path.join(env.AIRFLARE_DAGS, "broken.ts"), "const = 1;\n");
    const errors = await until(
      async () => {
        const answer = await api("GET", "/api/v2/importErrors").catch(() => null);
        return answer?.body["total_entries"] === 1 ? answer.body["import_errors"] : null;
      },
      () => `the import error:\n${local.output}`,
    );
    expect(errors).toMatchObject([
      { filename: expect.stringContaining("broken.ts"), stack_trace: expect.stringContaining("broken.ts:1:7") },
    ]);
    expect(await runOf("first")).toBe("success");
  });

  test("a killed workerd comes back by itself, with its state", async () => {
    const pid = await local.workerd();
    process.kill(pid, "SIGKILL");
    await until(
      async () => (await local.workerd()) !== pid,
      () => `a new workerd:\n${local.output}`,
    );
    const answer = await until(
      async () => api("GET", "/api/v2/dags/first/dagRuns").catch(() => null),
      () => "an answer",
    );
    expect(Number(answer.body["total_entries"])).toBeGreaterThan(0);
    expect(await runOf("first")).toBe("success");
  });

  test("a second start over the same state folder is refused", async () => {
    const other = start(env);
    expect(await other.ended()).toBe(1);
    expect(other.output).toContain(`uses the state folder ${env.AIRFLARE_STATE}`);
  });

  test("SIGTERM ends workerd too", async () => {
    const pid = await local.workerd();
    local.kill("SIGTERM");
    await local.ended();
    expect(await isAlive(pid)).toBe(false);
  });
});

describe("a start that is killed", () => {
  afterEach(stopAll);

  test("leaves no workerd behind and can be started again", async () => {
    const env = await scratch();
    const local = start(env);
    const port = new URL(await local.ready()).port;
    const pid = await local.workerd();
    local.kill("SIGKILL");
    await until(
      async () => !(await isAlive(pid)),
      () => "the end of workerd",
    );
    const again = start({ ...env, PORT: port });
    expect(await again.ready()).toBe(`http://127.0.0.1:${port}`);
  });
});

describe("ports", () => {
  let server: net.Server | undefined;
  afterEach(async () => {
    server?.close();
    await stopAll();
  });
  const occupy = (port: number) =>
    new Promise<number>((resolve) => {
      const taker = net.createServer();
      server = taker;
      // Taken by somebody else is as good.
      taker.once("error", () => resolve(port));
      taker.listen(port, "127.0.0.1", () => resolve((taker.address() as net.AddressInfo).port));
    });

  test("a taken port that was asked for is an error that names it", async () => {
    const port = await occupy(0);
    const local = start({ ...(await scratch()), PORT: String(port) });
    expect(await local.ended()).toBe(1);
    expect(local.output).toContain(`port ${port} is in use`);
  });

  test("a taken default port leads to the next free one, and says so", async () => {
    await occupy(8080);
    const local = start({ ...(await scratch()), PORT: "" });
    const url = await local.ready();
    expect(local.output).toContain(`port 8080 is in use, listening on ${new URL(url).port}`);
  });

  test("a PORT that is none is refused", async () => {
    const local = start({ ...(await scratch()), PORT: "http" });
    expect(await local.ended()).toBe(1);
    expect(local.output).toContain("PORT=http is not a port");
  });
});
