/**
 * @module A new build goes live ten times while fifty runs are under way, against a ledger outside: none is lost, and nothing that was through runs again.
 */
import fs from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, expect, test } from "vitest";
import { LocalStart, logIn, scratchFolder, until } from "../start/local-start.ts";
import { Ledger } from "./ledger.ts";
import { endOf, exists, taskInstances } from "./local-runs.ts";

const DEPLOYS = 10;
const RUNS = 50;
/** Tasks of the first build; every further one has one more. */
const TASKS = 10;
/** A report is on its way for a moment after the task's last entry. */
const REPORT_MS = 1_000;

interface Deploy {
  readonly savedAt: number;
  readonly liveAt: number;
}

const cleanUp: (() => unknown)[] = [];

afterAll(async () => {
  for (const undo of cleanUp.toReversed()) await undo();
});

test("ten builds go live during fifty runs: all end in their first tries, and only what a restart hit runs again", async () => {
  const folder = await scratchFolder();
  const ledger = await Ledger.listen();
  cleanUp.push(
    () => fs.rm(folder, { recursive: true, force: true }),
    () => ledger.close(),
  );
  const dagFolder = path.join(folder, "dags");
  await fs.mkdir(dagFolder);
  const save = (build: number): Promise<void> => fs.writeFile(path.join(dagFolder, "builds.ts"), sourceOf(build));
  await save(0);
  const local = new LocalStart({
    AIRFLARE_STATE: path.join(folder, "state"),
    AIRFLARE_DAGS: dagFolder,
    AIRFLARE_LEASE_SCALE: "0.2",
  });
  cleanUp.push(() => local.stop());
  const api = await logIn(await local.ready());

  const deploys: Deploy[] = [];
  const triggering: Promise<void>[] = [];
  for (let build = 1; build <= DEPLOYS; build++) {
    for (let run = 0; run < RUNS / DEPLOYS; run++) triggering.push(triggered(`run_${build}_${run}`));
    await sleep(1_500);
    const savedAt = Date.now();
    await save(build);
    await until(
      () => local.output.split("\nreloaded").length > build,
      () => `build ${build}:\n${local.output}`,
    );
    deploys.push({ savedAt, liveAt: Date.now() });
  }
  await Promise.all(triggering);

  async function triggered(runId: string): Promise<void> {
    while (!(await exists(api, "builds", runId, { ledger: ledger.url }))) await sleep(200);
  }

  const sizes = new Set<number>();
  for (let build = 1; build <= DEPLOYS; build++)
    for (let run = 0; run < RUNS / DEPLOYS; run++) {
      const runId = `run_${build}_${run}`;
      expect(await endOf(api, "builds", runId)).toBe("success");
      const instances = await taskInstances(api, "builds", runId);
      sizes.add(instances.length);
      for (const instance of instances) expect(instance).toMatchObject({ state: "success", try_number: 1 });
    }
  // Each run has the tasks of the build it began with.
  expect(Math.min(...sizes)).toBe(TASKS);
  expect(Math.max(...sizes)).toBeLessThan(TASKS + DEPLOYS);
  expect(sizes.size).toBeGreaterThan(DEPLOYS / 2);

  const repeats = repeatsOf(ledger);
  expect(repeats.filter((repeat) => !deploys.some((deploy) => explains(deploy, repeat)))).toEqual([]);
  const hit = deploys.map((deploy) => repeats.filter((repeat) => explains(deploy, repeat)).length);
  console.log(`started again after each build: ${hit.join(", ")}; attempts: ${ledger.starts().size}`);
  expect(repeats.length).toBeGreaterThan(0);
});

interface Repeat {
  readonly attempt: string;
  readonly startedAt: number;
  /** Its last entry before it was started again. */
  readonly endedAt: number | null;
  readonly againAt: number;
}

/** Every start of an attempt that had started before. */
function repeatsOf(ledger: Ledger): Repeat[] {
  const repeats: Repeat[] = [];
  const last = new Map<string, { startedAt: number; endedAt: number | null }>();
  for (const { what, attempt, at } of ledger.entries) {
    const before = last.get(attempt);
    if (what === "end") last.set(attempt, { startedAt: before?.startedAt ?? at, endedAt: at });
    else {
      if (before !== undefined) repeats.push({ attempt, ...before, againAt: at });
      last.set(attempt, { startedAt: at, endedAt: null });
    }
  }
  return repeats;
}

/** The attempt was under way, or its report was, when the build went live. */
function explains({ savedAt, liveAt }: Deploy, { startedAt, endedAt, againAt }: Repeat): boolean {
  return startedAt <= liveAt && againAt >= savedAt && (endedAt === null || endedAt >= savedAt - REPORT_MS);
}

/** A chain of five and five side by side, and one more task with each build. */
function sourceOf(build: number): string {
  return `import { dag, task } from "airflare";
const BUILD = ${build};
const step = task("step", { retries: 0 }, async (_: { after?: unknown }, { ti, dagRun, log }) => {
  const enter = (what: string) =>
    fetch(String(dagRun.conf["ledger"]) + "/" + what + "/" + [ti.dagId, ti.runId, ti.taskId, ti.mapIndex, ti.tryNumber].join("/"), { method: "POST" });
  await enter("start");
  log.info("build " + BUILD);
  await new Promise((resolve) => setTimeout(resolve, 700));
  await enter("end");
});
export const builds = dag("builds", { schedule: null, maxActiveRuns: 100 }, () => {
  let last = step.with({ id: "chain_0" })({});
  for (let index = 1; index < 5; index++) last = step.with({ id: "chain_" + index })({ after: last });
  for (let index = 0; index < 5 + BUILD; index++) step.with({ id: "wide_" + index })({});
});
`;
}
