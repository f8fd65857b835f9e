/**
 * @module Which tasks are known short, and what it costs to know.
 */
import { expect, test } from "vitest";
import { longestDurations, noteDurations } from "../../../../src/cloudflare/dag/durations.ts";
import { openStorage } from "../../../../src/cloudflare/dag/storage.ts";
import { aDagSpec, aTaskSpec } from "../../../support/spec-builders.ts";
import { nodeSql } from "../../../support/node-sql.ts";

const spec = aDagSpec({ dagId: "dag", tasks: ["a", "b"].map((taskId) => aTaskSpec({ taskId })) });

test("one more short run of short tasks writes nothing; a long one counts for 20 runs", () => {
  const sql = nodeSql();
  openStorage(sql);
  const written = (a: number, b: number): number => {
    const before = sql.rowsWritten;
    noteDurations(sql, spec, { a, b });
    return sql.rowsWritten - before;
  };
  expect([written(5, 900), written(7, 10), written(3, 999)]).toEqual([1, 0, 0]);
  expect(longestDurations(sql)).toEqual({ a: 5, b: 900 });
  expect(written(5, 1_000)).toBe(1);
  expect(longestDurations(sql)).toEqual({ a: 5 });
  for (let run = 0; run < 19; run++) expect(written(5, 5)).toBe(1);
  expect(longestDurations(sql)).toEqual({ a: 5 });
  expect([written(5, 5), longestDurations(sql), written(5, 5)]).toEqual([1, { a: 5, b: 5 }, 0]);
});
