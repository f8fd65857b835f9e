/**
 * @module `run_on_latest_version`: a run goes on with the deployed version of its DAG, before its task instances are cleared.
 */
import type { DagRunHead } from "../model/dag-run.ts";
import { specText } from "../model/spec-text.ts";
import type { DagRunApi } from "../model/protocol.ts";
import { pathParam } from "./run-access.ts";
import type { ApiContext } from "./run-access.ts";
import { deployedHash } from "./trigger-run.ts";

/** The head afterwards. Throws 404 when the DAG is not deployed any more. */
export async function syncRunSpec(c: ApiContext, run: DagRunApi): Promise<DagRunHead> {
  const { ports, index } = c.var;
  const dagId = pathParam(c, "dag_id");
  const specHash = deployedHash(index, dagId, false);
  const spec = await ports.loadSpec(dagId);
  // Its object gives the version its number.
  await ports.dag(dagId).syncSpec(spec, specHash);
  const command = { kind: "sync-spec", specText: specText(spec), specHash } as const;
  return (await run.command({ callId: ports.randomId(), command })).head;
}
