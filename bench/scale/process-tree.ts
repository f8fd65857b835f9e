/**
 * @module Memory of workerd and of this process, which holds Miniflare: the process tree of a local start.
 */
import process from "node:process";
import { memoryOf } from "../workerd-process.ts";

/** Highest so far, MB. */
export function peakOfTree(workerdPid: number): number {
  return memoryOf(workerdPid).peakMb + process.resourceUsage().maxRSS / 1024;
}
