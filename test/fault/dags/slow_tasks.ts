/**
 * @module A task of ten seconds and one of a minute, without retries: an attempt that is lost shows as a failure.
 */
import { dag, task } from "airflare";

const wait = task("wait", { retries: 0 }, async ({ seconds }: { seconds: number }) => {
  await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
  return seconds;
});

export const tenSeconds = dag("ten_seconds", { schedule: null, maxActiveRuns: 100 }, () => {
  wait({ seconds: 10 });
});

export const oneMinute = dag("one_minute", { schedule: null }, () => {
  wait({ seconds: 60 });
});
