/**
 * @module A binary heap of number pairs: smallest key first, ties by value. Entries may be stale; the owner checks what it pops.
 */

export interface HeapEntry {
  readonly key: number;
  readonly value: number;
}

export type BinaryHeap = HeapEntry[];

const isBefore = (a: HeapEntry, b: HeapEntry): boolean => a.key < b.key || (a.key === b.key && a.value < b.value);

export function pushHeap(heap: BinaryHeap, entry: HeapEntry): void {
  let at = heap.length;
  heap.push(entry);
  while (at > 0) {
    const parentAt = (at - 1) >> 1;
    const parent = heap[parentAt];
    if (parent === undefined || !isBefore(entry, parent)) break;
    heap[at] = parent;
    at = parentAt;
  }
  heap[at] = entry;
}

export function popHeap(heap: BinaryHeap): HeapEntry | undefined {
  const top = heap[0];
  const last = heap.pop();
  if (top === undefined || last === undefined || heap.length === 0) return top;
  let at = 0;
  for (;;) {
    let childAt = 2 * at + 1;
    let child = heap[childAt];
    if (child === undefined) break;
    const right = heap[childAt + 1];
    if (right !== undefined && isBefore(right, child)) {
      child = right;
      childAt += 1;
    }
    if (!isBefore(child, last)) break;
    heap[at] = child;
    at = childAt;
  }
  heap[at] = last;
  return top;
}
