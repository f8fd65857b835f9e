/**
 * @module Exponential backoff of sensors against Airflow's formula as Python computes it (`data/make_sensor_backoff.py`): by pokes in mode "poke", by elapsed time in
 * mode "reschedule".
 */
import { expect, test } from "vitest";
import { pokeAnswered } from "../../src/runtime/poke.ts";
import { aSensor } from "../support/runtime-fakes.ts";
import rows from "./data/sensor-backoff.json" with { type: "json" };

type Row = readonly [
  mode: "poke" | "reschedule",
  startedAt: number,
  interval: number,
  poke: number,
  elapsed: number,
  maxWait: number | null,
  seconds: number,
];

test("every interval is Airflow's", () => {
  const table = rows as unknown as readonly Row[];
  const wrong = table.filter(([mode, startedAt, interval, poke, elapsed, maxWait, seconds]) => {
    const sensor = aSensor({
      mode,
      exponentialBackoff: true,
      pokeIntervalMs: interval * 1000,
      timeoutMs: 604_800_000,
      maxWaitMs: maxWait === null ? null : maxWait * 1000,
      firstPokedAt: startedAt,
      pokes: poke - 1,
    });
    const now = startedAt + Math.round(elapsed * 1000);
    const answer = pokeAnswered(false, { dagId: "etl", taskId: "wait", sensor, startedAt }, now);
    return answer.kind !== "again" || answer.at - now !== seconds * 1000;
  });
  expect(wrong).toEqual([]);
  expect(table).toHaveLength(300);
});

test("a sensor that has poked thousands of times still waits its maxWait", () => {
  const sensor = aSensor({
    exponentialBackoff: true,
    timeoutMs: 604_800_000,
    maxWaitMs: 60_000,
    firstPokedAt: 1,
    pokes: 9_000,
  });
  expect(pokeAnswered(false, { dagId: "etl", taskId: "wait", sensor, startedAt: 1 }, 1)).toEqual({
    kind: "again",
    at: 60_001,
  });
});
