/**
 * @module What the command line of `npm run bench` asks for.
 */
import { parseArgs } from "node:util";
import { SCALE_ROWS } from "./scale/scale-rows.ts";
import type { StateKind } from "./state-folders.ts";

export const WORKLOAD_NAMES = ["W1", "W2", "W3", "W4"] as const;
export type WorkloadName = (typeof WORKLOAD_NAMES)[number];

const SCALE_NAMES = SCALE_ROWS.map(({ name }) => name);

export const HELP = `Usage: npm run bench -- [--only W1,W2] [--state disk|memory] [--json FILE] [--scale]

Measures Airflare on the local runtime beside Cloudflare Workflows doing the same work. Tracing is off for both.

  W1  chain of 10 tasks, 30 runs one after the other, from the POST to the GET that shows the end
  W2  100 and 1,000 tasks side by side and a join; 1,000 also as a mapped task
  W3  200 runs of 5-task chains triggered at once
  W4  cold start to first answer and first finished run, memory at rest

Scale rows, without a counterpart, each minutes long:

${SCALE_ROWS.map(({ name, what }) => `  ${name}  ${what}`).join("\n")}

  --only LIST        some of the workloads and scale rows
  --scale            the scale rows, too
  --state KIND       disk or memory (a tmpfs) only; default: both
  --json FILE        writes everything measured and counted to FILE
  --no-counts        leaves out what a task uses and costs
  --help             this text
`;

export interface BenchOptions {
  readonly help: boolean;
  readonly only: ReadonlySet<WorkloadName>;
  /** Names of scale rows. */
  readonly scale: ReadonlySet<string>;
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
      scale: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  const named = values.only?.split(",").map((name) => name.trim().toUpperCase()) ?? [...WORKLOAD_NAMES];
  const unknown = named.find((name) => !isWorkload(name) && !SCALE_NAMES.includes(name));
  if (unknown !== undefined)
    throw new Error(`--only takes ${[...WORKLOAD_NAMES, ...SCALE_NAMES].join(", ")}, got "${unknown}"`);
  return {
    help: values.help,
    only: new Set(named.filter(isWorkload)),
    scale: new Set([...named.filter((name) => SCALE_NAMES.includes(name)), ...(values.scale ? SCALE_NAMES : [])]),
    states: values.state === undefined ? ["disk", "memory"] : [stateKind(values.state)],
    json: values.json ?? null,
    counts: values.counts,
  };
}

function isWorkload(name: string): name is WorkloadName {
  return WORKLOAD_NAMES.some((one) => one === name);
}

function stateKind(text: string): StateKind {
  if (text !== "disk" && text !== "memory") throw new Error(`--state takes disk or memory, got "${text}"`);
  return text;
}
