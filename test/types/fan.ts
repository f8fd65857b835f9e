/**
 * @module Accepted: fan-out, fan-in, mapped tasks, groups.
 */
import { chain, dag, empty, task, taskGroup } from "airflare";
const listSources = task("list_sources", async () => ["mysql", "postgres", "mongodb"]);
const processSource = task(
  "process",
  { pool: "my_pool" },
  async ({ source, since }: { source: string; since?: Date }) => ({ source, count: 100, since }),
);
const merge = task("merge", async ({ parts }: { parts: { count: number }[] }) =>
  parts.reduce((n, x) => n + x.count, 0),
);
const clean = task("clean", async ({ n }: { n: number }) => n);
const enrich = task("enrich", async ({ n }: { n: number }) => ({ n }));
export const fan = dag("fan", { schedule: { every: "6h" } }, () => {
  const start = empty("start"),
    end = empty("end");
  const fixed = ["mysql", "postgres"].map((s) => processSource.with({ id: `process_${s}` })({ source: s })); // known at deploy
  const merged = merge({ parts: fixed }); // list of refs: fan-in
  const mapped = processSource.with({ id: "process_each" }).expand({ source: listSources() }, { since: new Date(0) }); // known at run
  const total = merge.with({ id: "merge_each" })({ parts: mapped });
  const transformation = taskGroup("transformation", { tooltip: "Transform all data" }, () => {
    const cleaned = clean({ n: total });
    return { cleaned, enriched: enrich({ n: cleaned }) }; // ids transformation.clean, transformation.enrich; transformation.enriched is an XComArg
  });
  chain(start, fixed);
  chain([merged, transformation], end);
});
