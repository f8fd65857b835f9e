/**
 * @module The Durable Object that owns one dag run: the platform's entry points, each handed on to the host. It never runs DAG-author code.
 */
import type { DepStatus } from "../../model/dep-status.ts";
import type {
  ClaimAnswer,
  ClaimRequest,
  CreateDagRunAnswer,
  CreateDagRunRequest,
  DagRunApi,
  HeartbeatAnswer,
  HeartbeatRequest,
  ReadTaskInstancesRequest,
  ReadXComsAnswer,
  ReadXComsRequest,
  ReportAnswer,
  ReportRequest,
  RunCommand,
  RunCommandAnswer,
  RunUsage,
  TaskInstanceView,
} from "../../model/protocol.ts";
import { claim, createRun, heartbeat, once, report } from "./attempt-calls.ts";
import type { Incarnation, TaskId } from "../../model/ids.ts";
import { instanceOf, readTaskInstances, readXComs } from "./reads.ts";
import type { DagRunHead } from "../../model/dag-run.ts";
import type { DagSpec } from "../../model/dag-spec.ts";
import { DurableObject } from "cloudflare:workers";
import type { Env } from "../env.ts";
import type { RunUpkeep } from "../../model/upkeep.ts";
import type { LiveRun } from "./live-run.ts";
import { RunHost } from "./host.ts";
import type { TryRecord } from "../../model/task-instance.ts";
import { command } from "./commands.ts";
import { beginNotice, endNotice } from "./notices.ts";
import { readNotices } from "./notice-rows.ts";
import type { NoticeRecord } from "../../model/notice.ts";
import type {
  BeginNoticeAnswer,
  BeginNoticeRequest,
  EndNoticeRequest,
  RunNotices,
} from "../../model/notice-protocol.ts";
import { explain } from "../../engine/deps/explain.ts";
import { objectSql } from "./sql.ts";
import { noteTellOf } from "./tell-of.ts";
import { writeBook } from "./commit.ts";
import { readLog } from "./logs.ts";
import { readTries } from "./storage.ts";

/** Longer than an answer takes to leave and the caller's look at the run to come in, shorter than anybody notices. */
const PUSH_PAUSE_MS = 5;

export class DagRunObject extends DurableObject<Env> implements DagRunApi, RunNotices, RunUpkeep {
  readonly #host: RunHost;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#host = new RunHost({
      sql: objectSql(ctx.storage),
      env,
      clock: () => Date.now(),
      random: random48,
      // Not awaited: the output gate holds every answer until the alarm is stored with the rows of the same turn.
      setAlarm: (at) => ctx.waitUntil(ctx.storage.setAlarm(at)),
      // Nothing may come in between: a run created meanwhile would lose its rows.
      deleteAll: () =>
        ctx.blockConcurrencyWhile(async () => {
          await ctx.storage.deleteAlarm();
          await ctx.storage.deleteAll();
        }),
      pause: () => new Promise((resolve) => setTimeout(resolve, PUSH_PAUSE_MS)),
      waitUntil: (work) => ctx.waitUntil(work),
    });
  }

  async create(request: CreateDagRunRequest): Promise<CreateDagRunAnswer> {
    const answer = createRun(this.#host, request);
    this.#host.count("objectCalls");
    return answer;
  }

  async claim(request: ClaimRequest): Promise<ClaimAnswer> {
    return claim(this.#called(), request);
  }

  async report(request: ReportRequest): Promise<ReportAnswer> {
    return report(this.#called(), request);
  }

  async heartbeat(request: HeartbeatRequest): Promise<HeartbeatAnswer> {
    return heartbeat(this.#called(), request);
  }

  async once(request: Parameters<DagRunApi["once"]>[0]): Promise<string | null> {
    return once(this.#called(), request);
  }

  async readXComs(request: ReadXComsRequest): Promise<ReadXComsAnswer> {
    const live = this.#called().live();
    return live === null ? { entries: [], more: null } : readXComs(this.#host.sql, live, request);
  }

  async command(request: { readonly callId: string; readonly command: RunCommand }): Promise<RunCommandAnswer> {
    return command(this.#called(), request.callId, request.command);
  }

  async readHead(): Promise<(DagRunHead & { readonly usage: RunUsage }) | null> {
    const live = this.#called().live();
    return live === null ? null : { ...live.run.head, usage: live.book.usage };
  }

  async readSpec(): Promise<DagSpec | null> {
    return this.#called().live()?.run.spec ?? null;
  }

  async beginNotice(request: BeginNoticeRequest): Promise<BeginNoticeAnswer | null> {
    return beginNotice(this.#called(), request);
  }

  async endNotice(request: EndNoticeRequest): Promise<void> {
    endNotice(this.#called(), request);
  }

  async readNotices(): Promise<readonly NoticeRecord[]> {
    return this.#called().live() === null ? [] : readNotices(this.#host.sql);
  }

  async readTaskInstances(
    request: ReadTaskInstancesRequest,
  ): Promise<{ readonly views: readonly TaskInstanceView[]; readonly total: number }> {
    const live = this.#called().live();
    if (live === null) return { views: [], total: 0 };
    if (noteTellOf(live, request)) this.#host.sql.transactionSync<void>(() => writeBook(this.#host.sql, live));
    return readTaskInstances(this.#host.sql, live, request);
  }

  async readTries(taskId: TaskId, mapIndex: number): Promise<readonly TryRecord[]> {
    const live = this.#called().live();
    return live === null ? [] : readTries(this.#host.sql, instanceOf(live, taskId, mapIndex).ord);
  }

  async readDeps(taskId: TaskId, mapIndex: number): Promise<readonly DepStatus[]> {
    const live = this.#called().live();
    return live === null ? [] : explain(live.run, instanceOf(live, taskId, mapIndex).ord, this.#host.now(live));
  }

  async readLog(
    taskId: TaskId,
    mapIndex: number,
    tryNumber: number,
    offset: number,
    limit: number,
  ): Promise<{ readonly lines: string; readonly next: number | null }> {
    const live = this.#called().live();
    if (live === null) return { lines: "", next: null };
    const { ord } = instanceOf(live, taskId, mapIndex);
    return readLog(this.#host.sql, this.#host.objects, { ord, tryNumber }, offset, limit);
  }

  async wait(timeoutMs: number): Promise<DagRunHead | null> {
    this.#called();
    const live: LiveRun | null = await this.#host.wait(timeoutMs);
    return live === null ? null : { ...live.run.head };
  }

  async poke(): ReturnType<DagRunApi["poke"]> {
    return await this.#called().poke();
  }

  async mirrorAgain(incarnation: Incarnation): Promise<boolean | null> {
    const live = this.#called().live();
    return live?.run.head.incarnation === incarnation ? await this.#host.mirrorAgain(live) : null;
  }

  async destroy(incarnation: Incarnation): Promise<void> {
    if (this.#called().live()?.run.head.incarnation === incarnation) await this.#host.destroy();
  }

  override async alarm(): Promise<void> {
    await this.#host.alarm();
  }

  #called(): RunHost {
    this.#host.live();
    this.#host.count("objectCalls");
    return this.#host;
  }
}

/** Seed of a step: nonces of new attempts derive from it, so it must not be guessable. */
function random48(): number {
  const [high = 0, low = 0] = crypto.getRandomValues(new Uint32Array(2));
  return (high & 0xffff) * 2 ** 32 + low;
}
