/**
 * @module Runs an author's callbacks one after the other. An error in one is logged; it changes no state and stops none of the others.
 */
import { stackText } from "./signal.ts";
import type { TaskLog } from "./task-log.ts";

export async function runCallbacks<C>(
  callbacks: readonly ((context: C) => unknown)[] | undefined,
  context: C,
  log: TaskLog,
): Promise<void> {
  for (const callback of callbacks ?? []) {
    try {
      await callback(context);
    } catch (thrown) {
      log.write("error", `Error when executing callback ${callback.name}\n${stackText(thrown)}`, "task");
    }
  }
}
