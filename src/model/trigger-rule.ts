/**
 * @module Names of Airflow's 13 trigger rules. What each one decides stands in `engine/trigger-rule.ts`.
 */

export const TRIGGER_RULES = [
  "all_success",
  "all_failed",
  "all_done",
  "all_done_min_one_success",
  "all_done_setup_success",
  "all_skipped",
  "one_success",
  "one_failed",
  "one_done",
  "none_failed",
  "none_failed_min_one_success",
  "none_skipped",
  "always",
] as const;

export type TriggerRule = (typeof TRIGGER_RULES)[number];
