/**
 * @module What a failing D1 call means to a caller: tables missing (`not_migrated`) or D1 not answering (`history_unavailable`).
 */
import { AirflareError } from "../../model/error.ts";

/** Runs a read or write of the history. D1's own errors come out as operating errors, everything else unchanged. */
export async function withHistory<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    throw historyError(thrown);
  }
}

/** The operating error of a thrown value; values that are no D1 error come back as they are. */
export function historyError(thrown: unknown): unknown {
  if (!(thrown instanceof Error) || thrown instanceof AirflareError) return thrown;
  if (/no such table/i.test(thrown.message)) {
    return new AirflareError(
      "not_migrated",
      "The D1 database has no tables yet: run `npm run deploy`, which applies the migrations (locally `npm start` does it).",
      { cause: thrown },
    );
  }
  if (/D1_|SQLITE_|network connection lost|overloaded|storage caused object/i.test(thrown.message)) {
    return new AirflareError(
      "history_unavailable",
      "The history database (D1) does not answer; runs go on, lists come back when it does.",
      {
        cause: thrown,
      },
    );
  }
  return thrown;
}
