/**
 * @module `npm run sim -- --seed N --runs M`: many worlds, with worlds per second, coverage counters and the broken cores. Exit code 1 on any violation, gap or escape.
 */
import { parseArgs } from "node:util";
import { registerHooks } from "node:module";
import { BROKEN_CORES } from "./cores.ts";
import { catchBrokenCores, REQUIRED_COVERAGE, runBatch, traceHash } from "./simulate.ts";

const HELP = `Usage: npm run sim -- [--seed N] [--runs M] [--broken NAME] [--layer 1|2|time]

  --seed N       first seed (default 1)
  --runs M       number of worlds (default 2000)
  --broken NAME  runs one of the deliberately broken cores instead: ${Object.keys(BROKEN_CORES).join("; ")}
  --layer L      1 (default): the engine over simulated objects; 2: the Cloudflare adapters on fake bindings;
                 time: objects of DAGs under ticks, deploys, users and backfills (--broken all: its broken hosts)
`;
const BROKEN_RUNS_MAX = 4_000;
const REPLAYED_SEEDS = 50;

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    runs: { type: "string", default: "2000" },
    broken: { type: "string" },
    layer: { type: "string", default: "1" },
    help: { type: "boolean", default: false },
  },
});

function integer(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new Error(`--${name} must be a positive integer, got "${text}"`);
  return value;
}

function main(): number {
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const seed = integer("seed", values.seed);
  const runs = integer("runs", values.runs);
  const core = values.broken === undefined ? undefined : BROKEN_CORES[values.broken];
  if (values.broken !== undefined && core === undefined) {
    console.error(`unknown broken core "${values.broken}"; there are: ${Object.keys(BROKEN_CORES).join("; ")}`);
    return 2;
  }
  const startedAt = performance.now();
  const batch = runBatch(seed, runs, core);
  const seconds = (performance.now() - startedAt) / 1_000;
  for (const failure of batch.failures) {
    console.log(failure.trace.join("\n"));
    console.log(`faults ${JSON.stringify(failure.faults)}`);
    console.log(`VIOLATION ${failure.message}`);
    console.log(`again: npm run sim -- --seed ${failure.seed} --runs 1`);
  }
  const rate = Math.round(batch.worlds / seconds);
  console.log(`${batch.worlds} worlds, ${batch.events} events, ${batch.failures.length} violations, ${rate} worlds/s`);
  if (batch.failures.length > 0 || core !== undefined || runs < 1_000) return batch.failures.length > 0 ? 1 : 0;
  return Math.max(reportCoverage(batch.coverage), reportReplay(seed), reportBrokenCores(seed));
}

/** Only now, because Node must be told first what `cloudflare:workers` is. */
async function secondLayer(): Promise<number> {
  const platform = import.meta.resolve("./adapters/cloudflare-workers.ts");
  registerHooks({
    resolve: (specifier, context, next) =>
      specifier === "cloudflare:workers" ? { url: platform, shortCircuit: true } : next(specifier, context),
  });
  // The worlds silence the console.
  const print = console.log.bind(console);
  const { runAdapterWorlds } = await import("./adapters/world.ts");
  const startedAt = performance.now();
  const { failures, coverage } = await runAdapterWorlds(integer("seed", values.seed), integer("runs", values.runs));
  for (const failure of failures) {
    print(failure.trace.join("\n"));
    print(`faults ${JSON.stringify(failure.faults)}`);
    print(`VIOLATION ${failure.message}`);
    print(`again: npm run sim -- --layer 2 --seed ${failure.seed} --runs 1`);
  }
  print(`coverage: ${[...coverage].map(([name, count]) => `${name}=${count}`).join(", ")}`);
  print(`${failures.length} violations, ${Math.round((performance.now() - startedAt) / 1_000)} s`);
  return failures.length > 0 ? 1 : 0;
}

function reportCoverage(coverage: ReadonlyMap<string, number>): number {
  const names = [...new Set([...REQUIRED_COVERAGE, ...coverage.keys()])];
  console.log(`coverage: ${names.map((name) => `${name}=${coverage.get(name) ?? 0}`).join(", ")}`);
  const missing = REQUIRED_COVERAGE.filter((name) => (coverage.get(name) ?? 0) === 0);
  if (missing.length > 0) console.log(`NOT COVERED: ${missing.join(", ")}`);
  return missing.length > 0 ? 1 : 0;
}

function reportReplay(seed: number): number {
  for (let index = 0; index < REPLAYED_SEEDS; index++) {
    if (traceHash(seed + index) === traceHash(seed + index)) continue;
    console.log(`NOT DETERMINISTIC: seed ${seed + index} gave two trace hashes`);
    return 1;
  }
  console.log(`replay: ${REPLAYED_SEEDS} seeds gave the same trace hash twice`);
  return 0;
}

function reportBrokenCores(seed: number): number {
  let escaped = 0;
  for (const [name, caughtBy] of catchBrokenCores(seed, BROKEN_RUNS_MAX)) {
    console.log(`broken core "${name}": ${caughtBy === null ? "NOT CAUGHT" : `caught by seed ${caughtBy}`}`);
    if (caughtBy === null) escaped += 1;
  }
  return escaped > 0 ? 1 : 0;
}

async function timeLayer(): Promise<number> {
  const platform = import.meta.resolve("./adapters/cloudflare-workers.ts");
  registerHooks({
    resolve: (specifier, context, next) =>
      specifier === "cloudflare:workers" ? { url: platform, shortCircuit: true } : next(specifier, context),
  });
  const print = console.log.bind(console);
  process.on("unhandledRejection", (error) => {
    if (!(error instanceof Error && "durableObjectId" in error)) throw error;
  });
  const { catchBrokenHosts, missingMarks, runTimeWorlds } = await import("./time/simulate-time.ts");
  if (values.broken === "all") {
    for (const [name, worlds] of await catchBrokenHosts(integer("seed", values.seed), integer("runs", values.runs)))
      print(`broken host "${name}": ${worlds === null ? "NOT CAUGHT" : `caught in world ${worlds}`}`);
    return 0;
  }
  const startedAt = performance.now();
  const { worlds, failures, coverage } = await runTimeWorlds(
    integer("seed", values.seed),
    integer("runs", values.runs),
  );
  for (const failure of failures) {
    print(failure.trace.join("\n"));
    print(`faults ${JSON.stringify(failure.faults)}`);
    print(`VIOLATION ${failure.message}`);
    print(`again: npm run sim -- --layer time --seed ${failure.seed} --runs 1`);
  }
  print(`coverage: ${[...coverage].map(([name, count]) => `${name}=${count}`).join(", ")}`);
  print(`${worlds} worlds, ${failures.length} violations, ${((performance.now() - startedAt) / 1_000).toFixed(1)} s`);
  const missing = worlds < 100 ? [] : missingMarks(coverage);
  if (missing.length > 0) print(`NOT COVERED: ${missing.join(", ")}`);
  return failures.length > 0 || missing.length > 0 ? 1 : 0;
}

process.exitCode =
  values.layer === "time" ? await timeLayer() : values.layer === "2" && !values.help ? await secondLayer() : main();
