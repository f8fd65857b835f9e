/**
 * @module The generated index of the DAG folder: which file holds which DAG, made at build (`src/generated/dags.ts`). At run time only the file of the DAG at hand is imported.
 */
import type { DagId, SpecHash } from "../model/ids.ts";

/** A file that does not parse or throws at load. It hurts nobody else. */
export interface DagImportError {
  /** Path below the DAG folder. */
  readonly file: string;
  readonly message: string;
}

export interface DagIndex {
  /** Hash over all files: a change is a deploy. */
  readonly bundleHash: string;
  readonly dags: Readonly<Record<DagId, { readonly file: string; readonly specHash: SpecHash }>>;
  /** Evaluating a file defines its DAGs (`dag-registry.ts`). */
  readonly files: Readonly<Record<string, () => Promise<unknown>>>;
  readonly importErrors: readonly DagImportError[];
  /** Source text by file, as shown by `dagSources`. */
  readonly sources: Readonly<Record<string, string>>;
}
