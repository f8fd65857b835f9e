/**
 * @module What one dep says about a task instance: how the engine, the run's object and the API tell why something does not run.
 */

/** Why an instance does not run: one entry per dep that does not pass. */
export interface DepStatus {
  readonly dep: string;
  readonly passed: boolean;
  readonly reason: string;
}
