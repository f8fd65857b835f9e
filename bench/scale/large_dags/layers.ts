/**
 * @module L2: layers of tasks, each of which waits for the whole layer before. A file of its own: a run loads no other large DAG.
 */
import { crossDownstream, dag, task } from "airflare";

/** No limit: the bench measures none. */
const options = { schedule: null, maxActiveRuns: 200_000, maxActiveTasks: 200_000 } as const;
const empty = task("step", { retries: 0 }, async () => undefined);

/** As many layers as tasks in a layer. */
function layersOf(width: number) {
  return dag(`layers_${width}`, options, () => {
    const layerOf = (layer: number) =>
      Array.from({ length: width }, (_, index) => empty.with({ id: `t_${layer}_${index}` })());
    let before = layerOf(0);
    for (let layer = 1; layer < width; layer++) {
      const next = layerOf(layer);
      crossDownstream(before, next);
      before = next;
    }
  });
}

export const layers32 = layersOf(32);
export const layers100 = layersOf(100);
