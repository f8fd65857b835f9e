/**
 * @module Writes the mirror to D1. Writes asked for while one is under way go out together in the next batch, one statement per table and page.
 *
 * Guards: a row gives way only to a later incarnation, or to a higher `seq` of the same one. So repeats and late copies are harmless.
 */
import { DEFAULT_POOL } from "../../engine/slot-limits.ts";
import { isDefaultPoolLimited } from "../pools.ts";
import { withHistory } from "./history-error.ts";
import { NO_ROWS } from "./mirror-rows.ts";
import type { MirrorRow, MirrorRows } from "./mirror-rows.ts";
import { countingSql } from "./totals.ts";

/** Characters of JSON per statement: well below D1's limit on a bound value, whatever the text. */
const PAGE_CHARACTERS = 250_000;
/** Rows per statement: bounds what one statement does. */
const PAGE_ROWS = 500;
/** Statements per batch: a batch is one transaction of the single writer. */
const BATCH_STATEMENTS = 20;

interface Table {
  readonly name: string;
  readonly keys: readonly string[];
  readonly guard: string;
  /** Columns that stay as the first write of a row has them. */
  readonly fixed?: readonly string[];
}

const NEWER = "(excluded.incarnation, excluded.seq) > (mirrored.incarnation, mirrored.seq)";
const NEW_RUNS: Table = { name: "dag_run", keys: ["dag_id", "run_id"], guard: NEWER };
/** An update that names an indexed column writes its index rows anew, changed or not. A new life of a run id begins with a row of `NEW_RUNS`. */
const RUNS: Table = { ...NEW_RUNS, fixed: ["run_after"] };
const BLOCKS: Table = { name: "task_instance_block", keys: ["dag_id", "run_id", "block"], guard: NEWER };
const TRIES: Table = {
  name: "task_instance_try",
  keys: ["dag_id", "run_id", "task_id", "map_index", "try_number"],
  guard: "excluded.incarnation >= mirrored.incarnation",
};

const HIGHER = "excluded.seq > mirrored.seq";
const BACKFILLS: Table = { name: "backfill", keys: ["backfill_id"], guard: HIGHER };
const SCHEDULES: Table = { name: "schedule", keys: ["schedule_id"], guard: HIGHER };

const DEFAULT_POOL_SLOTS = `SELECT slots FROM pool WHERE name = '${DEFAULT_POOL}'`;

interface Waiting {
  readonly rows: MirrorRows;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export class HistoryWriter {
  readonly #db: D1Database;
  #waiting: Waiting[] = [];
  #writing = false;
  readonly #onDefaultPool: (limited: boolean) => void;
  readonly #counts: boolean;

  /** `onDefaultPool` hears with each write whether somebody has set the slots of `default_pool`: reading it along costs no call. `counts`: metrics are on. */
  constructor(db: D1Database, onDefaultPool: (limited: boolean) => void = () => undefined, counts = false) {
    this.#db = db;
    this.#onDefaultPool = onDefaultPool;
    this.#counts = counts;
  }

  /** Resolves when D1 has the rows. Throws `history_unavailable` or `not_migrated`; nothing of the group is written then. */
  write(rows: Partial<MirrorRows>): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ rows: { ...NO_ROWS, ...rows }, resolve, reject });
      if (!this.#writing) void this.#drain();
    });
  }

  async #drain(): Promise<void> {
    this.#writing = true;
    while (this.#waiting.length > 0) {
      const group = this.#waiting;
      this.#waiting = [];
      try {
        // One group at a time: what is asked for meanwhile shares the next one.
        // oxlint-disable-next-line no-await-in-loop
        await withHistory(() => this.#writeGroup(group.map((waiting) => waiting.rows)));
        for (const waiting of group) waiting.resolve();
      } catch (error) {
        for (const waiting of group) waiting.reject(error);
      }
    }
    this.#writing = false;
  }

  async #writeGroup(group: readonly MirrorRows[]): Promise<void> {
    const runs = group.flatMap((rows) => rows.runs);
    // The row that the making of a run writes is the only one before its first change.
    const isNew = (row: MirrorRow): boolean => row["seq"] === 0;
    const statements = [
      ...group.flatMap((rows) => rows.dags).map((row) => this.#dagStatement(row)),
      ...this.#upserts(NEW_RUNS, runs.filter(isNew)),
      ...this.#upserts(
        RUNS,
        runs.filter((row) => !isNew(row)),
      ),
      // Before the blocks: a try that was counted as its instance's state is known by its block as it was.
      ...this.#upserts(
        TRIES,
        group.flatMap((rows) => rows.tries),
      ),
      ...this.#upserts(
        BLOCKS,
        group.flatMap((rows) => rows.blocks),
      ),
      ...this.#upserts(
        BACKFILLS,
        group.flatMap((rows) => rows.backfills),
      ),
      ...this.#upserts(
        SCHEDULES,
        group.flatMap((rows) => rows.schedules),
      ),
    ];
    if (statements.length === 0) return;
    statements.unshift(this.#db.prepare(DEFAULT_POOL_SLOTS));
    for (let start = 0; start < statements.length; start += BATCH_STATEMENTS) {
      // In order: a run's row must not lag behind rows of its instances for long.
      // oxlint-disable-next-line no-await-in-loop
      const [first] = await this.#db.batch<{ slots: number }>(statements.slice(start, start + BATCH_STATEMENTS));
      if (start === 0) this.#onDefaultPool(isDefaultPoolLimited(first?.results[0]?.slots));
    }
  }

  #upserts(table: Table, rows: readonly MirrorRow[]): D1PreparedStatement[] {
    const columns = Object.keys(rows[0] ?? {});
    if (columns.length === 0) return [];
    const counting = this.#counts ? countingSql(table.name, columns) : undefined;
    const statements = [...(counting === undefined ? [] : [counting]), upsertSql(table, columns)];
    return pagesOf(rows.map((row) => JSON.stringify(columns.map((column) => row[column] ?? null)))).flatMap((page) =>
      statements.map((sql) => this.#db.prepare(sql).bind(`[${page.join(",")}]`)),
    );
  }

  /** Columns that the DAG's object owns; the row itself is made by a deploy. */
  #dagStatement(row: MirrorRow): D1PreparedStatement {
    const { dag_id: dagId, seq, ...columns } = row;
    const names = Object.keys(columns);
    const sql = `UPDATE dag SET ${[...names, "seq"].map((name) => `${name} = ?`).join(", ")} WHERE dag_id = ? AND seq < ?`;
    return this.#db.prepare(sql).bind(...Object.values(columns), seq ?? 0, dagId ?? "", seq ?? 0);
  }
}

/** Rows arrive as one JSON list of lists: one parameter, whatever their number. */
function upsertSql({ name, keys, guard, fixed = [] }: Table, columns: readonly string[]): string {
  const values = columns.map((_, i) => `value ->> ${i}`).join(", ");
  const changing = columns.filter((column) => !keys.includes(column) && !fixed.includes(column));
  const updates = changing.map((column) => `${column} = excluded.${column}`);
  return `INSERT INTO ${name} AS mirrored (${columns.join(", ")}) SELECT ${values} FROM json_each(?) WHERE true
    ON CONFLICT (${keys.join(", ")}) DO UPDATE SET ${updates.join(", ")} WHERE ${guard}`;
}

/** JSON rows in pages of one statement each: one bound value, `[row, row, ...]`. */
export function pagesOf(rows: readonly string[]): string[][] {
  const pages: string[][] = [];
  let page: string[] = [];
  let characters = 0;
  for (const row of rows) {
    if (page.length > 0 && (page.length >= PAGE_ROWS || characters + row.length > PAGE_CHARACTERS)) {
      pages.push(page);
      page = [];
      characters = 0;
    }
    page.push(row);
    characters += row.length;
  }
  if (page.length > 0) pages.push(page);
  return pages;
}
