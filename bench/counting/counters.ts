/**
 * @module What the counting Worker counted, by name. One isolate runs the Worker and all its objects locally, so one map holds everything.
 */

const counts = new Map<string, number>();

/** Names are `<kind> <what>`: `object DagRunObject.report`, `rows DagObject`, `d1 statements`. */
export function count(name: string, by = 1): void {
  counts.set(name, (counts.get(name) ?? 0) + by);
}

export function readCounts(): Readonly<Record<string, number>> {
  return Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1)));
}

export function resetCounts(): void {
  counts.clear();
}
