/**
 * @module Random worlds of time in short: the clock, deploys, users and backfills over the real objects of DAGs. `npm run sim -- --layer time` runs more.
 */
import { expect, test, vi } from "vitest";
import { BROKEN_HOSTS } from "./broken-hosts.ts";
import { runTimeWorlds, TIME_REGRESSION_SEEDS, timeTraceHash, worldsUntilCaught } from "./simulate-time.ts";

vi.mock("cloudflare:workers", () => import("../adapters/cloudflare-workers.ts"));

test("twelve worlds make the runs that history asks for, and come to rest", async () => {
  const { failures } = await runTimeWorlds(1, 12);
  expect(failures).toEqual([]);
}, 120_000);

test.each(TIME_REGRESSION_SEEDS)("seed %i, which once failed, holds", async (seed) => {
  expect((await runTimeWorlds(seed, 1)).failures).toEqual([]);
});

test("a seed replays to the same trace, also behind a world that was cut short by a violation", async () => {
  const first = await timeTraceHash(11);
  expect(await worldsUntilCaught("a removed DAG goes on", 1, 40)).not.toBeNull();
  expect(await timeTraceHash(11)).toBe(first);
  expect(await timeTraceHash(16)).not.toBe(first);
}, 120_000);

/** Rare: they take dozens of worlds, which `--broken all` runs. */
const RARE: readonly string[] = [
  "a deploy forgets the cursor",
  "nobody looks after open runs",
  "the cron does not know of open runs",
];

test.each(Object.keys(BROKEN_HOSTS).filter((name) => !RARE.includes(name)))(
  'the broken host "%s" is caught',
  async (name) => {
    expect(await worldsUntilCaught(name, 1, 40)).not.toBeNull();
  },
  120_000,
);
