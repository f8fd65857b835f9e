/**
 * @module A real `npm start` as child process, on a scratch state folder.
 */
import { execFile, spawn, type ChildProcess } from "node:child_process";
import fs from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

const projectFolder = path.resolve(import.meta.dirname, "../..");
const PASSWORD = "local-test-password";

/** Answers when `check` gives something else than undefined, false or null. */
export async function until<T>(check: () => T | Promise<T>, what: () => string): Promise<NonNullable<T>> {
  const end = Date.now() + 60_000;
  for (;;) {
    const answer = await check();
    if (answer !== undefined && answer !== null && answer !== false) return answer;
    if (Date.now() > end) throw new Error(`gave up waiting for ${what()}`);
    await sleep(50);
  }
}

export class LocalStart {
  readonly #child: ChildProcess;
  output = "";
  exitCode: number | null | undefined;

  constructor(env: Readonly<Record<string, string>>) {
    this.#child = spawn(process.execPath, [path.join(projectFolder, "scripts/start.mjs")], {
      cwd: projectFolder,
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        ...process.env,
        PORT: "0",
        AIRFLARE_DEMO: "0",
        AIRFLARE_TICK: "0",
        AIRFLARE_ADMIN_PASSWORD: PASSWORD,
        ...env,
      },
    });
    this.#child.stdout?.on("data", (chunk) => (this.output += String(chunk)));
    this.#child.stderr?.on("data", (chunk) => (this.output += String(chunk)));
    this.#child.once("exit", (code) => (this.exitCode = code ?? -1));
  }

  /** The address of the `ready` line. Fails when the process ends before. */
  async ready(): Promise<string> {
    await until(
      () => {
        if (this.exitCode !== undefined)
          throw new Error(`ended with ${this.exitCode} before it was ready:\n${this.output}`);
        return /^ready /m.test(this.output);
      },
      () => `the ready line in:\n${this.output}`,
    );
    return /^ready (http:\/\/127\.0\.0\.1:\d+)$/m.exec(this.output)?.[1] ?? "";
  }

  async ended(): Promise<number> {
    await until(
      () => this.exitCode !== undefined,
      () => `the end of the process:\n${this.output}`,
    );
    return this.exitCode ?? -1;
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Process id of its workerd. Never answers without one: a signal to process 0 would end the tests themselves. */
  async workerd(): Promise<number> {
    return until(
      async () => {
        const own = (await processes()).find(({ parent, command }) => parent === this.#child.pid && isWorkerd(command));
        return own?.pid;
      },
      () => `workerd:\n${this.output}`,
    );
  }

  /** The end of the machine: the start and everything below it is killed at once, nothing can be put in order. */
  async killTree(): Promise<void> {
    const all = await processes();
    const doomed = [this.#child.pid ?? -1];
    for (const pid of doomed) doomed.push(...all.filter((each) => each.parent === pid).map((each) => each.pid));
    for (const pid of doomed) {
      try {
        process.kill(pid, "SIGKILL");
      } catch (error) {
        // gone by itself in the meantime
        if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
      }
    }
    await this.ended();
  }

  async stop(): Promise<void> {
    if (this.exitCode === undefined) this.kill("SIGTERM");
    await this.ended();
  }
}

export async function isAlive(pid: number): Promise<boolean> {
  return (await processes()).some((each) => each.pid === pid && isWorkerd(each.command));
}

function isWorkerd(command: string): boolean {
  return /workerd serve/.test(command);
}

async function processes(): Promise<readonly { pid: number; parent: number; command: string }[]> {
  const { stdout } = await promisify(execFile)("ps", ["-A", "-o", "pid=,ppid=,args="], { maxBuffer: 1 << 24 });
  return stdout.split("\n").flatMap((line) => {
    const [, pid, parent, command] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [];
    return command === undefined ? [] : [{ pid: Number(pid), parent: Number(parent), command }];
  });
}

/** A new folder with a space in its name. */
export async function scratchFolder(): Promise<string> {
  return fs.mkdtemp(path.join(os.tmpdir(), "airflare start "));
}

export function oneTaskDag(id: string, result: string): string {
  return `import { dag, task } from "airflare";\nconst t = task("t", async () => ${JSON.stringify(result)});\ndag("${id}", { schedule: null }, () => { t(); });\n`;
}

export type Api = (
  method: string,
  path: string,
  body?: unknown,
) => Promise<{ status: number; body: Record<string, unknown> }>;

/** A logged-in client. */
export async function logIn(url: string): Promise<Api> {
  const call = async (token: string, method: string, where: string, body?: unknown) => {
    const response = await fetch(`${url}${where}`, {
      method,
      // A connection of its own: one kept idle may be closed by workerd in the very moment it is used again.
      headers: { "content-type": "application/json", authorization: `Bearer ${token}`, connection: "close" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: await response.json<Record<string, unknown>>() };
  };
  const { body } = await call("", "POST", "/auth/token", { username: "admin", password: PASSWORD });
  return (method, where, sent) => call(String(body["access_token"]), method, where, sent);
}
