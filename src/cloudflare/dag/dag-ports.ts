/**
 * @module What a DAG's object needs from outside, as narrow ports: real bindings in the object, `node:sqlite` and in-memory runs in tests.
 */
import type { DagId, RunId } from "../../model/ids.ts";
import type { DagRunApi } from "../../model/protocol.ts";
import type { AssetApi } from "../../model/asset.ts";
import type { TimetableOrder } from "../../model/custom-timetable.ts";
import type { Sql } from "../dag-run/sql.ts";
import type { MirrorRows } from "../history/mirror-rows.ts";

export interface DagPorts {
  readonly sql: Sql;
  /** Epoch ms, may go back; the host makes it monotonic. */
  readonly clock: () => number;
  readonly randomId: () => string;
  /** A run of this DAG, or of another one. */
  readonly run: (runId: RunId, dagId?: DagId) => DagRunApi;
  /** The object of an asset, by its URI. */
  readonly asset: (uri: string) => Pick<AssetApi, "subscribe">;
  /** Writes to the history; throws while D1 does not answer. */
  readonly mirror: (rows: Partial<MirrorRows>) => Promise<void>;
  /** A short wait for rows that can go to the history together. */
  readonly gather: () => Promise<void>;
  readonly setAlarm: (at: number) => void;
  /** Keeps the object up for work that nobody waits for; the work reports its own failures. */
  readonly later: (work: Promise<unknown>) => void;
  /** False under `AIRFLARE_TICK=0`: runs are made by ticks only, and the tick's time is the schedule's clock. */
  readonly ownSchedule: boolean;
  /** How long ended runs are kept when their DAG does not say, ms; null: for ever. */
  readonly retentionMs: number | null;
  /** Has the author's timetable asked for runs ahead, by a message. */
  readonly askTimetable: (order: TimetableOrder) => Promise<unknown>;
  /** A failure that will be repeated. */
  readonly onError: (what: string, error: unknown) => void;
}
