/**
 * @module A DAG that is scheduled by assets: it tells their objects that it wants events, keeps those that come until its expression holds, and then
 * makes one run of all that wait. A paused DAG takes no events, and those that wait go on waiting, as in Airflow.
 */
import { assetsOf, holds } from "../../engine/asset-condition.ts";
import type { AssetEvent, QueuedAssetEvents } from "../../model/asset.ts";
import type { DagRunHead } from "../../model/dag-run.ts";
import type { DagSpec } from "../../model/dag-spec.ts";
import type { RunId } from "../../model/ids.ts";
import type { CreateRunRequest } from "../../model/protocol.ts";
import {
  assetLinks,
  confirmAssetLink,
  consumeQueued,
  deleteQueued,
  eventsOfRun,
  findAssetLink,
  hasAssetTables,
  openAssetTables,
  putAssetLink,
  queueAssetEvents,
  queuedAssets,
  unconfirmedLinks,
} from "./asset-rows.ts";
import type { DagBook } from "./dag-book.ts";
import type { DagState } from "./dag-state.ts";
import type { RunMaker } from "./run-maker.ts";

/** Events of one run; what is left makes the next one. */
const EVENTS_PER_RUN_MAX = 10_000;
/** Objects told in one go. */
const TELL_PAGE = 50;
/** An asset's object that did not answer is told again after this. */
const TELL_AGAIN_MS = 5_000;

export class AssetQueue {
  readonly #book: DagBook;
  readonly #maker: RunMaker;
  #hasTables: boolean | undefined;
  #telling = false;
  #tellAt: number | null = null;

  constructor(book: DagBook, maker: RunMaker) {
    this.#book = book;
    this.#maker = maker;
  }

  /** The deployed schedule names other assets than before, or the DAG rests. Inside the change's transaction. */
  link(state: DagState): void {
    const { sql } = this.#book.ports;
    const condition = state.retired ? undefined : this.#book.spec(state)?.assets;
    if (condition === undefined && !this.#exists()) return;
    openAssetTables(sql);
    this.#hasTables = true;
    const wanted = new Set(condition === undefined ? [] : assetsOf(condition));
    const known = new Map(assetLinks(sql).map((link) => [link.uri, link]));
    const seq = this.#book.now(state);
    for (const uri of wanted) if (known.get(uri)?.wanted !== true) putAssetLink(sql, uri, true, seq);
    for (const { uri, wanted: was } of known.values()) {
      if (!was || wanted.has(uri)) continue;
      putAssetLink(sql, uri, false, seq);
      deleteQueued(sql, uri, null);
    }
    this.#tellAt = seq;
  }

  /** Null: taken. Else since when the DAG does not want events of this asset. Inside the change's transaction. */
  take(state: DagState, uri: string, events: readonly AssetEvent[]): number | null {
    const { sql } = this.#book.ports;
    const link = this.#exists() ? findAssetLink(sql, uri) : null;
    const now = this.#book.now(state);
    if (link?.wanted !== true) return link?.seq ?? now;
    const fresh = events.filter(({ n }) => n > link.lastN);
    const last = fresh.at(-1);
    if (last !== undefined) queueAssetEvents(sql, uri, state.paused ? [] : fresh, last.n, now);
    return null;
  }

  /** Makes the run that the events which wait are enough for, while `max_active_runs` has room. Inside the change's transaction. */
  fire(state: DagState): readonly DagRunHead[] {
    const spec = this.#book.spec(state);
    if (spec?.assets === undefined || state.paused || state.retired || !this.#exists()) return [];
    const { sql } = this.#book.ports;
    const heads: DagRunHead[] = [];
    while (!this.#book.isBlocked(state)) {
      const waiting = new Set(queuedAssets(sql).map(({ uri }) => uri));
      if (waiting.size === 0 || !holds(spec.assets, waiting)) break;
      const head = this.#make(spec, state);
      if (head === null) {
        // Nobody could be told; the reason was reported.
        deleteQueued(sql, null, null);
        break;
      }
      consumeQueued(sql, head.runId, EVENTS_PER_RUN_MAX);
      heads.push(head);
    }
    return heads;
  }

  queued(): readonly QueuedAssetEvents[] {
    return this.#exists() ? queuedAssets(this.#book.ports.sql) : [];
  }

  /** How many assets had events that are forgotten now. */
  forget(uri: string | null, before: number | null): number {
    if (!this.#exists()) return 0;
    const { sql } = this.#book.ports;
    const count = (): number => queuedAssets(sql).filter((queued) => uri === null || queued.uri === uri).length;
    const had = count();
    deleteQueued(sql, uri, before);
    return had - count();
  }

  eventsOf(runId: RunId, limit: number): readonly AssetEvent[] {
    return this.#exists() ? eventsOfRun(this.#book.ports.sql, runId, limit) : [];
  }

  /** When the objects of assets are to be told, or null. */
  dueAt(): number | null {
    if (this.#tellAt === null && this.#exists() && unconfirmedLinks(this.#book.ports.sql, 1).length > 0)
      this.#tellAt = 0;
    return this.#tellAt;
  }

  /** Tells the objects of assets that do not know yet whether this DAG wants their events. Never throws; the alarm repeats it. */
  async tell(state: DagState): Promise<void> {
    const due = this.dueAt();
    if (this.#telling || due === null || due > this.#book.now(state)) return;
    const { sql, asset, onError } = this.#book.ports;
    this.#telling = true;
    this.#tellAt = this.#book.now(state) + TELL_AGAIN_MS;
    try {
      for (;;) {
        const links = unconfirmedLinks(sql, TELL_PAGE);
        if (links.length === 0) break;
        // Page by page.
        // oxlint-disable-next-line no-await-in-loop
        await Promise.all(
          links.map(async (link) => {
            await asset(link.uri).subscribe(link.uri, { dagId: state.dagId, seq: link.seq, wanted: link.wanted });
            confirmAssetLink(sql, link);
          }),
        );
      }
      this.#tellAt = null;
    } catch (error) {
      onError("assets", error);
      this.#book.arm(state, this.#tellAt);
    } finally {
      this.#telling = false;
    }
  }

  #make(spec: DagSpec, state: DagState): DagRunHead | null {
    return this.#maker.makeOwn(spec, state, runRequest(state, this.#book.now(state), this.#book.ports.randomId()));
  }

  #exists(): boolean {
    this.#hasTables ??= hasAssetTables(this.#book.ports.sql);
    return this.#hasTables;
  }
}

function runRequest(state: DagState, now: number, id: string): CreateRunRequest {
  return {
    callId: `assets:${id}`,
    specHash: state.specHash,
    runId: null,
    runType: "asset_triggered",
    triggeredBy: "asset",
    triggeringUser: null,
    logicalDate: null,
    dataInterval: null,
    runAfter: now,
    conf: {},
    note: null,
    backfillId: null,
    returnExisting: true,
  };
}
