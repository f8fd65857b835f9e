/**
 * @module The DAG's object as its runs see it: takes their pushes into a history that older rows never overwrite, and looks after open runs.
 */
import type { DagRunHead } from "../../../src/model/dag-run.ts";
import type { DagApi, RunStatePush } from "../../../src/model/protocol.ts";
import { FINISHED_RUN_STATES } from "../../../src/model/state.ts";
import { call, type Caller, type CallScope } from "./calls.ts";

type InstanceRow = RunStatePush["instances"][number];
type TryRow = RunStatePush["tries"][number];

/** What the history knows of a run. */
export interface HistoryRun {
  head: DagRunHead;
  readonly instances: Map<number, InstanceRow>;
  readonly tries: Map<string, TryRow>;
}

export class FakeDagObject {
  readonly history = new Map<string, HistoryRun>();
  /** Runs that may have something left to tell. */
  readonly owing = new Set<string>();
  readonly #scope: CallScope;

  readonly #onOpen: (head: DagRunHead) => void;

  /** `onOpen`: the history learnt that a run is open, or has ended and owes something. */
  constructor(scope: CallScope, onOpen: (head: DagRunHead) => void) {
    this.#scope = scope;
    this.#onOpen = onOpen;
  }

  stub(caller: Caller): Pick<DagApi, "pushRunState" | "watch"> {
    return {
      pushRunState: (push) => call(this.#scope, caller, "DAG.pushRunState", () => this.#push(structuredClone(push))),
      watch: () => call(this.#scope, caller, "DAG.watch", () => ({ passed: true, reason: "" })),
    };
  }

  #push({ head, owes, instances, tries }: RunStatePush): { mirrored: boolean } {
    if (!this.#scope.plan.takesPush()) return { mirrored: false };
    const run = this.history.get(head.runId) ?? { head, instances: new Map(), tries: new Map() };
    this.history.set(head.runId, run);
    if (head.seq >= run.head.seq) run.head = head;
    if (owes) this.owing.add(head.runId);
    if (owes || !FINISHED_RUN_STATES.has(run.head.state)) this.#onOpen(run.head);
    for (const row of instances) if (row.seq >= (run.instances.get(row.ord)?.seq ?? 0)) run.instances.set(row.ord, row);
    for (const row of tries) run.tries.set(`${row.ord}/${row.tryNumber}`, row);
    return { mirrored: true };
  }
}
