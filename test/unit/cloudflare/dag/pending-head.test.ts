/**
 * @module What a run's object needs to exist is kept until it has spoken: in the run's row, or apart when it is long.
 */
import { expect, test } from "vitest";
import { aDagSpec, aTaskSpec } from "../../../support/spec-builders.ts";
import { DagHostWorld } from "../../../support/dag-host-world.ts";

const spec = aDagSpec({ dagId: "dag", tasks: [aTaskSpec({ taskId: "a" })] });

test.each([
  ["in the run's row", 10, 0],
  ["apart, in pieces", 450_000, 5],
])("%s: a repeated call gets the same head, and it goes with the run's first word", async (_name, size, pieces) => {
  const w = new DagHostWorld(spec);
  const request = w.request({ runId: "one", conf: { text: "x".repeat(size) } });
  const first = await w.host.createRun(request);
  expect(w.sql.exec("SELECT count(*) AS n FROM pending_create")[0]?.["n"]).toBe(pieces);
  w.restart();
  const again = await w.host.createRun(request);
  expect(again).toEqual(first);
  if (first.kind !== "created") throw new Error(`the run is ${first.kind}`);
  expect(first.create.head.conf).toEqual({ text: "x".repeat(size) });
  w.run("one").head = first.create.head;
  await w.push("one", "running");
  expect(w.sql.exec("SELECT head FROM run")).toEqual([{ head: null }]);
  expect(w.sql.exec("SELECT count(*) AS n FROM pending_create")[0]?.["n"]).toBe(0);
});

test("a run whose object could not take it, as one of another build in the midst of a deploy, is brought to it again", async () => {
  const w = new DagHostWorld(spec);
  w.onCall = () => {
    throw new TypeError("this build reads another shape");
  };
  await expect(w.trigger({ runId: "one" })).rejects.toThrow("another shape");
  w.now += 31_000;
  await w.host.alarm();
  expect(w.run("one").created).toHaveLength(0);
  w.onCall = () => {};
  w.now += 601_000;
  await w.host.alarm();
  await w.quiet();
  expect(w.run("one").created.map(({ specText, start }) => [JSON.parse(specText), start])).toEqual([[spec, true]]);
});
