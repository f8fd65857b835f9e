/**
 * @module The Durable Object that owns one DAG: the platform's entry points, each handed on to the host.
 */
import { DurableObject } from "cloudflare:workers";
import type { DagSpec } from "../../model/dag-spec.ts";
import { dagRunObjectName } from "../../model/ids.ts";
import type { PushAnswer } from "../../model/slot.ts";
import type { RunId, SpecHash } from "../../model/ids.ts";
import type {
  CreateRunAnswer,
  CreateRunRequest,
  DagApi,
  DagRunRecord,
  ObserveAnswer,
  ObserveRequest,
  RunStatePush,
} from "../../model/protocol.ts";
import type { DagAssets } from "../../model/asset.ts";
import type { DagTimetable } from "../../model/custom-timetable.ts";
import { MESSAGE_VERSION } from "../../model/task-message.ts";
import type { DagUpkeep } from "../../model/upkeep.ts";
import { objectSql } from "../dag-run/sql.ts";
import { defaultRetentionMs, hasMetrics } from "../env.ts";
import type { Env } from "../env.ts";
import { HistoryWriter } from "../history/writer.ts";
import { traceMessages } from "../metrics/send-trace.ts";
import { DagHost } from "./host.ts";

/** A run that ends within this time is written to the history once, as ended. */
const GATHER_MS = 50;

export class DagObject extends DurableObject<Env> implements DagApi, DagUpkeep, DagTimetable, DagAssets {
  readonly #host: DagHost;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    const writer = new HistoryWriter(env.DB, (limited) => this.#host.noteDefaultPool(limited), hasMetrics(env));
    // The objects of DAGs are always addressed by name.
    const dagId = ctx.id.name ?? "";
    this.#host = new DagHost({
      sql: objectSql(ctx.storage),
      clock: () => Date.now(),
      randomId: () => crypto.randomUUID(),
      run: (runId, ofDag = dagId) => env.DAG_RUN.getByName(dagRunObjectName(ofDag, runId)),
      asset: (uri) => env.ASSET.getByName(uri),
      mirror: async (rows) => {
        await writer.write(rows);
        const traces = traceMessages(env, rows.runs ?? [], Date.now()).map((body) => ({ body }));
        // Not waited for: a trace that is not ordered is a trace less, and no fault of the run.
        if (traces.length > 0)
          ctx.waitUntil(
            env.TASK_QUEUE.sendBatch(traces).catch((error: unknown) =>
              console.error("airflare: traces were lost:", error),
            ),
          );
      },
      gather: () => new Promise((resolve) => setTimeout(resolve, GATHER_MS)),
      // Not awaited: the output gate holds every answer until the alarm is stored with the rows of the same turn.
      setAlarm: (at) => ctx.waitUntil(ctx.storage.setAlarm(at)),
      later: (work) => ctx.waitUntil(work),
      askTimetable: (order) => {
        const key = `timetable:${order.dagId}:${order.specHash}:${order.last?.end ?? 0}`;
        return env.TASK_QUEUE.sendBatch([{ body: { v: MESSAGE_VERSION, kind: "timetable", key, order } }]);
      },
      retentionMs: defaultRetentionMs(env),
      ownSchedule: env.AIRFLARE_TICK !== "0",
      onError: (what, error) => console.error(`DAG ${dagId}, ${what}: will be repeated.`, error),
    });
  }

  async syncSpec(spec: DagSpec, specHash: SpecHash): ReturnType<DagApi["syncSpec"]> {
    return this.#host.syncSpec(spec, specHash);
  }

  async retire(): Promise<void> {
    this.#host.retire();
  }

  async createRun(request: CreateRunRequest): Promise<CreateRunAnswer> {
    return await this.#host.createRun(request);
  }

  async pushRunState(push: RunStatePush): Promise<PushAnswer> {
    return await this.#host.pushRunState(push);
  }

  async watch(request: Parameters<DagApi["watch"]>[0]): ReturnType<DagApi["watch"]> {
    return await this.#host.watch(request);
  }

  async observe(request: ObserveRequest): Promise<ObserveAnswer> {
    return await this.#host.observe(request);
  }

  async backfill(order: Parameters<DagApi["backfill"]>[0]): ReturnType<DagApi["backfill"]> {
    return this.#host.backfill(order);
  }

  async schedule(order: Parameters<DagApi["schedule"]>[0]): ReturnType<DagApi["schedule"]> {
    return this.#host.schedule(order);
  }

  async setPaused(paused: boolean): Promise<void> {
    this.#host.setPaused(paused);
  }

  async tick(dueAt: number): Promise<{ readonly created: number }> {
    return await this.#host.tick(dueAt);
  }

  async readState(): ReturnType<DagApi["readState"]> {
    return this.#host.readState();
  }

  async listRuns(request: Parameters<DagApi["listRuns"]>[0]): Promise<readonly DagRunRecord[]> {
    const { logicalDateGte, logicalDateLte, limit } = request;
    return this.#host.listRuns(
      logicalDateGte ?? Number.MIN_SAFE_INTEGER,
      logicalDateLte ?? Number.MAX_SAFE_INTEGER,
      limit,
    );
  }

  async deleteRun(runId: RunId): Promise<boolean> {
    return await this.#host.deleteRun(runId);
  }

  async extendTimetable(page: Parameters<DagTimetable["extendTimetable"]>[0]): Promise<void> {
    this.#host.extendTimetable(page);
  }

  async refreshTimetable(): Promise<void> {
    this.#host.refreshTimetable();
  }

  async takeAssetEvents(...[uri, events]: Parameters<DagAssets["takeAssetEvents"]>): Promise<number | null> {
    return this.#host.takeAssetEvents(uri, events);
  }

  async queuedAssetEvents(): ReturnType<DagAssets["queuedAssetEvents"]> {
    return this.#host.assets.queued();
  }

  async deleteQueuedAssetEvents(uri: string | null, before: number | null): Promise<number> {
    return this.#host.assets.forget(uri, before);
  }

  async assetEventsOf(runId: RunId, limit: number): ReturnType<DagAssets["assetEventsOf"]> {
    return this.#host.assets.eventsOf(runId, limit);
  }

  async keptRuns(request: Parameters<DagUpkeep["keptRuns"]>[0]): ReturnType<DagUpkeep["keptRuns"]> {
    return this.#host.keptRuns(request);
  }

  async expireRuns(runIds: readonly RunId[]): Promise<readonly RunId[]> {
    return await this.#host.expireRuns(runIds);
  }

  async forgetBackfills(backfillIds: readonly number[]): Promise<void> {
    this.#host.forgetBackfills(backfillIds);
  }

  async adoptRun(head: Parameters<DagUpkeep["adoptRun"]>[0]): ReturnType<DagUpkeep["adoptRun"]> {
    return this.#host.adoptRun(head);
  }

  async mirrorAgain(): ReturnType<DagUpkeep["mirrorAgain"]> {
    return await this.#host.mirrorAgain();
  }

  async mirrored(): Promise<void> {
    await this.#host.mirrored();
  }

  async sweep(): Promise<void> {
    await this.#host.sweep();
  }

  override async alarm(): Promise<void> {
    await this.#host.alarm();
  }
}
