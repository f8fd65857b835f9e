/**
 * @module Deferral: a task starts a job elsewhere, leaves its worker until it is worth to look, and goes on with what it noted. No worker is held meanwhile.
 */
import { dag, task, TaskDeferred, timeDeltaTrigger } from "airflare";

/** Stands for another system that works on something. */
const startJob = (date: Date): string => `job-${date.getTime()}`;
const resultOf = (job: string): { job: string; rows: number } => ({ job, rows: job.length });

const longJob = task(
  "long_job",
  { resume: { collect: async (_: object, { resumed }) => resultOf(String(resumed?.kwargs["job"])) } },
  async (_: object, { executionDate, log }) => {
    const job = startJob(executionDate);
    log.info(`started ${job}`);
    throw new TaskDeferred({ trigger: timeDeltaTrigger("1s"), method: "collect", kwargs: { job }, timeout: "1h" });
  },
);

export const deferredJob = dag(
  "deferred_job",
  { schedule: null, isPausedUponCreation: true, tags: ["example", "deferral"] },
  () => {
    longJob();
  },
);
