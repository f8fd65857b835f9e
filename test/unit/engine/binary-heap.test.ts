/**
 * @module The heap gives entries in order, whatever order they came in.
 */
import { describe, expect, it } from "vitest";
import { popHeap, pushHeap } from "../../../src/engine/binary-heap.ts";
import type { BinaryHeap } from "../../../src/engine/binary-heap.ts";

describe("binary heap", () => {
  it("gives entries by key, then by value", () => {
    const heap: BinaryHeap = [];
    const entries = Array.from({ length: 200 }, (_, i) => ({ key: (i * 7919) % 23, value: (i * 31) % 200 }));
    for (const entry of entries) pushHeap(heap, entry);
    const out = entries.map(() => popHeap(heap));
    expect(out).toEqual(entries.toSorted((a, b) => a.key - b.key || a.value - b.value));
    expect(popHeap(heap)).toBeUndefined();
  });
});
