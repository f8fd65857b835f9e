/**
 * @module Assets in an attempt's context: what the task says about its updates (`outletEvents`), and the events that were before it (`inletEvents`,
 * `triggeringAssetEvents`).
 */
import type { Asset } from "../dag/asset.ts";
import type { AssetEventView, OutletEvent, RunContext } from "../dag/context.ts";
import { AirflowException } from "../dag/exceptions.ts";
import { ASSET_EXTRA_LENGTH_MAX, type AssetEvent } from "../model/asset.ts";
import type { DagRunHead } from "../model/dag-run.ts";
import type { AttemptOutcome } from "../model/outcome.ts";
import type { TaskSpec } from "../model/task-spec.ts";
import type { AssetPort } from "./ports.ts";
import { isRecord } from "./value-path.ts";

/** Newest events of an inlet that a task sees, and most events of the run's own. */
const EVENTS_MAX = 100;

/** What an attempt says about its outlets; told with its success. */
export class OutletEvents {
  readonly #task: Pick<TaskSpec, "taskId" | "outlets">;
  readonly #events = new Map<string, OutletEvent>();

  constructor(task: Pick<TaskSpec, "taskId" | "outlets">) {
    this.#task = task;
  }

  /** Throws for an asset that is no outlet of the task. */
  of = ({ uri }: Pick<Asset, "uri">): OutletEvent => {
    const { taskId, outlets } = this.#task;
    if (!outlets.includes(uri))
      throw new AirflowException(`Task ${taskId} has no outlet ${uri}; name it in the task's outlets.`);
    const event = this.#events.get(uri) ?? { extra: {} };
    this.#events.set(uri, event);
    return event;
  };

  /** Throws when an extra is no JSON object, or too large. */
  attach(outcome: AttemptOutcome): AttemptOutcome {
    const said = [...this.#events].filter(([, { extra }]) => !isRecord(extra) || Object.keys(extra).length > 0);
    if (outcome.kind !== "success" || said.length === 0) return outcome;
    return {
      ...outcome,
      outletExtra: Object.fromEntries(said.map(([uri, { extra }]) => [uri, this.#json(uri, extra)])),
    };
  }

  #json(uri: string, extra: unknown): Readonly<Record<string, unknown>> {
    const what = `The extra of outlet ${uri} of task ${this.#task.taskId}`;
    const text = JSON.stringify(extra) ?? "";
    if (text.length > ASSET_EXTRA_LENGTH_MAX)
      throw new AirflowException(
        `${what} has ${text.length} characters as JSON, at most ${ASSET_EXTRA_LENGTH_MAX} are kept: store the data and say where it lies.`,
      );
    const value: unknown = text === "" ? null : JSON.parse(text);
    if (!isRecord(value)) throw new AirflowException(`${what} must be an object.`);
    return value;
  }
}

/** The reads: asked of the objects of the asset and of the DAG when they are used, so that other tasks pay nothing. */
export function assetReads(
  { dagId, runId }: DagRunHead,
  assets: AssetPort,
): Pick<RunContext, "inletEvents" | "triggeringAssetEvents"> {
  return {
    inletEvents: async ({ uri }) => (await assets.latest(uri, EVENTS_MAX)).map(viewOf),
    triggeringAssetEvents: async () => {
      const byUri: Record<string, AssetEventView[]> = {};
      for (const event of await assets.triggering(dagId, runId, EVENTS_MAX))
        (byUri[event.uri] ??= []).push(viewOf(event));
      return byUri;
    },
  };
}

function viewOf({ uri, at, extra, source }: AssetEvent): AssetEventView {
  return { uri, timestamp: new Date(at), extra, source };
}
