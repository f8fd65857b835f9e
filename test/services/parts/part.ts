/**
 * @module A real part: a server that the suite installs when it is missing, starts, and stops.
 */
import { execFile, spawn } from "node:child_process";
import { createServer, type AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

const START_MS_MAX = 30_000;
const STOP_MS_MAX = 5_000;

/** What the tests of a part need to know, or why they cannot run. */
export type PartState =
  | { readonly problem: null; readonly place: Readonly<Record<string, string>> }
  | { readonly problem: string };

export interface RunningPart {
  readonly place: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/** Runs a program to its end. Throws with the end of its output. */
export async function run(
  program: string,
  args: readonly string[],
  options: { readonly uid?: number; readonly env?: object } = {},
): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(program, args, {
      maxBuffer: 1 << 26,
      env: { ...process.env, ...options.env },
      ...(options.uid === undefined ? {} : { uid: options.uid }),
    });
    return stdout;
  } catch (error) {
    const { message, stderr = "" } = error as Error & { readonly stderr?: string };
    throw new Error(`${program} ${args[0] ?? ""} failed: ${stderr.slice(-1500) || message}`, { cause: error });
  }
}

export interface ServerProcess {
  stop(): Promise<void>;
}

/** Starts a server and waits until `isUp` says so. Throws with its output when it ends before, or takes too long. */
export async function serve(
  program: string,
  args: readonly string[],
  isUp: () => Promise<boolean>,
  options: { readonly uid?: number; readonly env?: object; readonly stopSignal?: NodeJS.Signals } = {},
): Promise<ServerProcess> {
  const child = spawn(program, args, {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...options.env },
    ...(options.uid === undefined ? {} : { uid: options.uid }),
  });
  let output = "";
  const ended = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("exit", (code, signal) => resolve(`ended with ${code ?? signal ?? "nothing"}`));
  });
  child.stdout.on("data", (chunk) => (output += String(chunk)));
  child.stderr.on("data", (chunk) => (output += String(chunk)));
  const stop = async (): Promise<void> => {
    child.kill(options.stopSignal ?? "SIGTERM");
    await Promise.race([ended, sleep(STOP_MS_MAX, undefined, { ref: false })]);
    child.kill("SIGKILL");
  };
  const giveUpAt = Date.now() + START_MS_MAX;
  for (;;) {
    if (await isUp().catch(() => false)) return { stop };
    if (Date.now() > giveUpAt) {
      await stop();
      throw new Error(`${program} is not up after ${START_MS_MAX / 1000} s: ${output.slice(-1500)}`);
    }
    const end = await Promise.race([ended, sleep(100)]);
    if (end !== undefined) throw new Error(`${program} ${end}: ${output.slice(-1500)}`);
  }
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}
