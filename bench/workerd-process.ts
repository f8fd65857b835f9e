/**
 * @module The workerd processes that Miniflare starts in this process, and the memory and CPU time they use.
 */
import type { ChildProcess } from "node:child_process";
import { execFileSync } from "node:child_process";
import { subscribe } from "node:diagnostics_channel";
import fs from "node:fs";
import process from "node:process";

export interface Workerd {
  readonly pid: number;
  /** `performance.now()` of its start. */
  readonly startedAt: number;
}

let last: Workerd | null = null;
const alive = new Set<ChildProcess>();

/** Called once, before the first system starts. However this process ends, they end first: what removes their folders must be alone there. */
export function noticeWorkerds(): void {
  process.once("exit", () => {
    for (const child of alive) child.kill("SIGKILL");
  });
  subscribe("child_process", (message) => {
    const { process: child } = message as { process: ChildProcess };
    const startedAt = performance.now();
    child.once("spawn", () => {
      if (!/workerd(\.exe)?$/.test(child.spawnfile) || child.pid === undefined) return;
      last = { pid: child.pid, startedAt };
      alive.add(child);
      child.once("exit", () => alive.delete(child));
    });
  });
}

/** The workerd that was started last. Throws when none was. */
export function lastWorkerd(): Workerd {
  if (last === null) throw new Error("Miniflare started no workerd");
  return last;
}

export interface Memory {
  readonly rssMb: number;
  /** Highest so far where the system keeps it, else the same as `rssMb`. */
  readonly peakMb: number;
}

export function memoryOf(pid: number): Memory {
  if (process.platform === "linux") {
    const status = fs.readFileSync(`/proc/${pid}/status`, "utf8");
    const kilobytes = (name: string): number => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? 0);
    return { rssMb: kilobytes("VmRSS") / 1024, peakMb: kilobytes("VmHWM") / 1024 };
  }
  const rssMb = Number(execFileSync("ps", ["-o", "rss=", "-p", String(pid)], { encoding: "utf8" })) / 1024;
  return { rssMb, peakMb: rssMb };
}

/** CPU time so far in ms, in steps of 10; not a number where there is no /proc to say it. */
export function cpuMsOf(pid: number): number {
  if (process.platform !== "linux") return Number.NaN;
  const stat = fs.readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  // utime and stime, in ticks of 10 ms.
  return (Number(fields[11]) + Number(fields[12])) * 10;
}
