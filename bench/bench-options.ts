/**
 * @module What the command line of `npm run bench` asks for.
 */
import { parseArgs } from "node:util";
import type { StateKind } from "./state-folders.ts";

export const WORKLOAD_NAMES = ["W1", "W2", "W3", "W4"] as const;
export type WorkloadName = (typeof WORKLOAD_NAMES)[number];

export const HELP = `Usage: npm run bench -- [--only W1,W2] [--state disk|memory] [--json FILE]

Measures Airflare on the local runtime beside Cloudflare Workflows doing the same work. Tracing is off for both.

  W1  chain of 10 tasks, 30 runs one after the other, from the POST to the GET that shows the end
  W2  100 and 1,000 tasks side by side and a join; 1,000 also as a mapped task
  W3  200 runs of 5-task chains triggered at once
  W4  cold start to first answer and first finished run, memory at rest

  --only LIST        some of the workloads
  --state KIND       disk or memory (a tmpfs) only; default: both
  --json FILE        writes everything measured and counted to FILE
  --no-counts        leaves out what a task uses and costs
  --help             this text
`;

export interface BenchOptions {
  readonly help: boolean;
  readonly only: ReadonlySet<WorkloadName>;
  readonly states: readonly StateKind[];
  readonly json: string | null;
  readonly counts: boolean;
}

/** Throws an error that names the option and what it takes. */
export function readOptions(args: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    allowNegative: true,
    options: {
      only: { type: "string" },
      state: { type: "string" },
      json: { type: "string" },
      counts: { type: "boolean", default: true },
      help: { type: "boolean", default: false },
    },
  });
  return {
    help: values.help,
    only: new Set(values.only === undefined ? WORKLOAD_NAMES : values.only.split(",").map(workloadName)),
    states: values.state === undefined ? ["disk", "memory"] : [stateKind(values.state)],
    json: values.json ?? null,
    counts: values.counts,
  };
}

function workloadName(text: string): WorkloadName {
  const name = WORKLOAD_NAMES.find((one) => one === text.trim().toUpperCase());
  if (name === undefined) throw new Error(`--only takes ${WORKLOAD_NAMES.join(", ")}, got "${text}"`);
  return name;
}

function stateKind(text: string): StateKind {
  if (text !== "disk" && text !== "memory") throw new Error(`--state takes disk or memory, got "${text}"`);
  return text;
}
