/**
 * @module Pages of lists that are at hand as a whole.
 */
import { describe, expect, it } from "vitest";
import { pageRequest, slicePage } from "../../../src/api/paging.ts";
import { allPages } from "../../../src/api/all-pages.ts";

const rows = [
  { id: "a", n: 2 },
  { id: "b", n: null },
  { id: "c", n: 1 },
  { id: "d", n: 2 },
];
const valueOf = (row: (typeof rows)[number], by: string): string | number | null => (by === "n" ? row.n : row.id);
const order = (words: readonly string[]): string[] =>
  slicePage(rows, pageRequest({ order_by: words }, { n: "n", id: "id" }, ["id"]), valueOf).rows.map((row) => row.id);

describe("slicePage", () => {
  it("sorts by several keys, each way, rows without a value last", () => {
    expect(order(["n", "-id"])).toEqual(["c", "d", "a", "b"]);
    expect(order(["-n"])).toEqual(["a", "d", "c", "b"]);
    expect(order([])).toEqual(["a", "b", "c", "d"]);
  });

  it("cuts pages that do not overlap and counts all", () => {
    const page = (offset: number) => slicePage(rows, { offset, limit: 3, order: [] }, valueOf);
    expect([page(0).rows.length, page(3).rows.length, page(9).rows.length, page(9).total]).toEqual([3, 1, 0, 4]);
  });
});

describe("allPages", () => {
  const source = Array.from({ length: 25 }, (_, at) => at);
  it("reads to the end, and refuses lists above its bound", async () => {
    const read = async (offset: number): Promise<number[]> => source.slice(offset, offset + 10);
    expect(await allPages(read, 3, 10)).toEqual(source);
    await expect(allPages(read, 2, 10)).rejects.toMatchObject({ code: "invalid_request" });
  });
});
