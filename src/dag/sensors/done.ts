/**
 * @module What a poke answers when it is done and has a result: Airflow's `PokeReturnValue`.
 */

/** "Done, and this is the sensor's XCom." */
export interface Done<O> {
  readonly done: true;
  readonly value: O;
}

/**
 * Ends a sensor with a result.
 * @example
 * const waitForFile = sensor("wait_for_file", {}, async ({ key }: { key: string }) => (key === "" ? false : done({ key })));
 */
export function done<O>(value: O): Done<O> {
  return { done: true, value };
}

/** True for what {@link done} makes. */
export function isDone(answer: unknown): answer is Done<unknown> {
  return typeof answer === "object" && answer !== null && "done" in answer && answer.done === true && "value" in answer;
}
