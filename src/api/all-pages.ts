/**
 * @module Reading a list to its end in pages, with a bound.
 */
import { AirflareError } from "../model/error.ts";

/** Rows of one page: about 200 kB of task instances. */
export const READ_PAGE_SIZE = 1_000;
/** Pages of one request: 100,000 rows. */
export const ALL_PAGES_MAX = 100;

/** All rows; `read` answers the page at an offset and fewer than {@link READ_PAGE_SIZE} rows at the end. Above `pagesMax` pages it fails: ask for less. */
export async function allPages<Row>(
  read: (offset: number) => Promise<readonly Row[]>,
  pagesMax: number,
  pageSize = READ_PAGE_SIZE,
): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (let page = 0; page < pagesMax; page++) {
    // One after the other: where a page ends is known only when it is there.
    const got = await read(page * pageSize);
    rows.push(...got);
    if (got.length < pageSize) return rows;
  }
  throw new AirflareError(
    "invalid_request",
    `The list has more than ${pagesMax * pageSize} rows; narrow it with a filter.`,
  );
}
