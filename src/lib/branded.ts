/**
 * @module Branded ids. A plain string may become a `DagId`, but a `DagId` never becomes a `RunId` by mistake.
 */

/** A string that carries the name of the concept it identifies. */
export type Branded<Name extends string> = string & { readonly __brand?: Name };
