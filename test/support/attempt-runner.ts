/**
 * @module Runs one attempt on fake ports and answers its report: what most runtime tests start with.
 */
import type { ExecutableDag } from "../../src/dag/executable-dag.ts";
import type { AttemptReport } from "../../src/model/outcome.ts";
import type { AttemptBatch, AttemptOrder } from "../../src/model/protocol.ts";
import { startAttempt, type RunningAttempt } from "../../src/runtime/execute-attempt.ts";
import { SecretMasker } from "../../src/runtime/secret-masker.ts";
import { SealedValues } from "../../src/runtime/sealed-values.ts";
import { StoredXComs } from "../../src/runtime/stored-xcom.ts";
import { Deadlines } from "../../src/runtime/timeout.ts";
import { XComReader } from "../../src/runtime/xcoms.ts";
import { aBatch, type FakePorts, fakePorts } from "./runtime-fakes.ts";

interface RunOptions {
  readonly ports?: FakePorts;
  readonly batch?: Partial<AttemptBatch>;
}

export function startedAttempt(order: AttemptOrder, dag: ExecutableDag, options: RunOptions = {}): RunningAttempt {
  const ports = options.ports ?? fakePorts();
  const batch = aBatch([order], options.batch);
  return startAttempt(order, {
    head: batch.head,
    dag,
    ports,
    masker: new SecretMasker(),
    deadlines: new Deadlines(ports),
    xcoms: new XComReader(
      ports.run,
      new StoredXComs(ports.objects, new SealedValues(ports.secrets, new SecretMasker())),
      batch,
    ),
  });
}

export function attemptReport(
  order: AttemptOrder,
  dag: ExecutableDag,
  options: RunOptions = {},
): Promise<AttemptReport> {
  return startedAttempt(order, dag, options).report;
}

/** Log lines as objects. */
export function linesOf(log: string | undefined): readonly Readonly<Record<string, unknown>>[] {
  return (log ?? "")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));
}
