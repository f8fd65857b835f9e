/**
 * @module The project's own DAGs (`dags/`) for tests in workerd, where no generator has run and no folder can be read: the bundler lists the files.
 */
// oxlint-disable-next-line import/no-unassigned-import -- evaluating it declares the project's variables
import "../../airflare.config.ts";
import { Dag } from "../../src/dag/dag.ts";

declare global {
  interface ImportMeta {
    /** Vite's: modules by path, resolved when the file is transformed. */
    glob(pattern: string, options: { readonly eager: true }): Record<string, Readonly<Record<string, unknown>>>;
  }
}

const modules = import.meta.glob("../../dags/*.ts", { eager: true });

/** Files that define DAGs, by their path below the DAG folder. */
export const exampleFiles: Readonly<
  Record<string, { readonly load: () => Promise<unknown>; readonly dagIds: readonly string[] }>
> = Object.fromEntries(
  Object.entries(modules).map(([path, module]) => [
    path.slice("../../dags/".length),
    { load: async () => module, dagIds: dagsOf(module).map(({ id }) => id) },
  ]),
);

/** Of all examples. */
export const exampleDagIds: readonly string[] = Object.values(exampleFiles).flatMap(({ dagIds }) => dagIds);

function dagsOf(module: Readonly<Record<string, unknown>>): Dag<unknown>[] {
  return Object.values(module)
    .flat()
    .filter((exported): exported is Dag<unknown> => exported instanceof Dag);
}
