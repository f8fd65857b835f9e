/**
 * @module Totals of `ctx.stats` in D1: one row for each name and set of tags, up to a limit; what is dropped over it is counted.
 */
import type { Metric } from "../../runtime/ports.ts";
import { pagesOf } from "../history/writer.ts";

/** Series kept. A tag with ids in it must not fill the database, nor the scraper. */
export const SERIES_MAX = 5_000;
/** Of one series: Prometheus and D1 take longer ones, people do not. */
const TAGS_CHARACTERS_MAX = 1_000;

/** What one invocation adds to one series. */
interface Change {
  readonly kind: Metric["kind"];
  readonly name: string;
  readonly tags: string;
  value: number;
  count: number;
  /** A counter that is decreased, a gauge that is set. */
  mark: boolean;
}

/** The name under which values are counted that found no place. */
export const DROPPED = "metrics_dropped";

/** Adds values to the totals, in one batch of statements. Throws what D1 throws; nothing is added then. */
export async function addToSeries(db: D1Database, metrics: readonly Metric[], now: number): Promise<void> {
  const changes = changesOf(metrics);
  const rows = changes.map(({ kind, name, tags, value, count, mark }) =>
    JSON.stringify([kind, name, tags, value, count, Number(mark)]),
  );
  const statements = pagesOf(rows).flatMap((page) =>
    [DROP, ADD].map((sql) => db.prepare(sql).bind(`[${page.join(",")}]`, SERIES_MAX, now)),
  );
  if (statements.length > 0) await db.batch(statements);
}

/** The counting of known series costs no look at the others: only a new one asks how many there are. */
const WITH_CHANGES = `WITH given AS (SELECT value ->> 0 AS kind, value ->> 1 AS name, value ->> 2 AS tags_json, value ->> 3 AS value,
    value ->> 4 AS count, value ->> 5 AS mark FROM json_each(?1)),
  known AS (SELECT g.*, s.kind IS NOT NULL AS is_known FROM given g
    LEFT JOIN metric_series s ON s.kind = g.kind AND s.name = g.name AND s.tags_json = g.tags_json),
  placed AS (SELECT k.*, sum(NOT is_known) OVER (ORDER BY kind, name, tags_json) AS nth FROM known k),
  fits AS (SELECT p.*, is_known OR nth + (SELECT count(*) FROM metric_series WHERE name <> '${DROPPED}') <= ?2 AS fits FROM placed p)`;

const DROP = `${WITH_CHANGES}
  INSERT INTO metric_series AS t (kind, name, tags_json, value, count, since)
  SELECT 'counter', '${DROPPED}', '{}', n, n, ?3 FROM (SELECT sum(count) AS n FROM fits WHERE NOT fits) WHERE n > 0
  ON CONFLICT (kind, name, tags_json) DO UPDATE SET value = t.value + excluded.value, count = t.count + excluded.count`;

const ADD = `${WITH_CHANGES}
  INSERT INTO metric_series AS t (kind, name, tags_json, value, count, mark, since)
  SELECT kind, name, tags_json, value, count, mark, ?3 FROM fits WHERE fits
  ON CONFLICT (kind, name, tags_json) DO UPDATE SET value = iif(t.kind = 'gauge' AND excluded.mark, 0, t.value) + excluded.value,
    count = t.count + excluded.count, mark = iif(t.kind = 'gauge', excluded.mark, max(t.mark, excluded.mark))`;

function changesOf(metrics: readonly Metric[]): readonly Change[] {
  const changes = new Map<string, Change>();
  for (const { kind, name, value, delta, tags } of metrics) {
    const text = tagsText(tags);
    const key = `${kind} ${name} ${text}`;
    let change = changes.get(key);
    if (change === undefined) {
      change = { kind, name, tags: text, value: 0, count: 0, mark: false };
      changes.set(key, change);
    }
    change.count += 1;
    if (kind === "gauge" && delta !== true) {
      change.value = value;
      change.mark = true;
    } else change.value += value;
    if (kind === "counter" && value < 0) change.mark = true;
  }
  return [...changes.values()];
}

/** The same text for the same tags, whatever their order. Tags that are no texts are written as texts. */
function tagsText(tags: Readonly<Record<string, unknown>>): string {
  const entries = Object.entries(tags)
    .map(([tag, value]) => [tag, String(value)] as const)
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
  const text = JSON.stringify(Object.fromEntries(entries));
  return text.length <= TAGS_CHARACTERS_MAX ? text : "{}";
}
