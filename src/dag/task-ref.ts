/**
 * @module The run-time side of references: handles of placed tasks, and what `pick`, `xcom`, `map`, `zip` and `concat` make of them.
 */
import type { ArgExpr } from "../model/arg-expr.ts";
import type { EdgeEnd } from "./edges.ts";
import type { Mappable, Reference, TaskArg, TeardownOptions } from "./xcom-arg.ts";
import type { PlacedTask } from "./placed.ts";
import { PLACED } from "./placed.ts";
import { REFERENCE, referenceOf } from "./xcom-arg.ts";
import { RETURN_KEY } from "../model/xcom.ts";
import { currentBuilder } from "./dag-builder.ts";
import { drawAll, placedEnds } from "./edges.ts";
import { encode } from "../lib/codec.ts";
import { invalidDag } from "./invalid-dag.ts";

/** What a task can be mapped over. */
class MappableRef {
  readonly [REFERENCE]: Reference;

  constructor(reference: Reference) {
    this[REFERENCE] = reference;
  }

  map(fn: (element: unknown) => unknown): MappableRef {
    const { mapFunctions } = currentBuilder(".map(fn)");
    return this.#derived({ kind: "map", of: this[REFERENCE].expr, fn: mapFunctions.push(fn) - 1 });
  }

  zip(other: unknown, options?: { readonly fill: unknown }): MappableRef {
    const second = operand(other, "zip");
    const of = [this[REFERENCE].expr, second.expr];
    if (options === undefined) return this.#derived({ kind: "zip", of }, second);
    return this.#derived({ kind: "zip", of, fill: { kind: "literal", text: encode(options.fill) } }, second);
  }

  concat(other: unknown): MappableRef {
    const second = operand(other, "concat");
    return this.#derived({ kind: "concat", of: [this[REFERENCE].expr, second.expr] }, second);
  }

  #derived(expr: ArgExpr, ...more: readonly Reference[]): MappableRef {
    return new MappableRef({ expr, producers: [this[REFERENCE], ...more].flatMap(({ producers }) => producers) });
  }
}

/** A list may be given as it is, too: `keys.concat(["extra"])`. */
function operand(value: unknown, method: string): Reference {
  const reference = referenceOf(value);
  if (reference !== undefined) return reference;
  if (Array.isArray(value))
    return { expr: { kind: "literal", text: encode(value), length: value.length }, producers: [] };
  throw invalidDag(
    { dagId: currentBuilder(`.${method}`).dagId },
    `.${method}(...) takes a list or a reference to one, got ${typeof value}`,
  );
}

/** A reference to a value of a placed task, and a handle on its place in the graph. */
class TaskRef extends MappableRef {
  readonly [PLACED]: PlacedTask;
  readonly #key: string;
  readonly #path: readonly string[];

  constructor(task: PlacedTask, key: string, path: readonly string[]) {
    super({ expr: { kind: "xcom", taskId: task.taskId, key, path }, producers: [task] });
    this[PLACED] = task;
    this.#key = key;
    this.#path = path;
  }

  get id(): string {
    return this[PLACED].taskId;
  }

  get taskId(): string {
    return this[PLACED].taskId;
  }

  pick(field: string): TaskRef {
    return new TaskRef(this[PLACED], this.#key, [...this.#path, field]);
  }

  xcom(key: string): TaskRef {
    return new TaskRef(this[PLACED], key, []);
  }

  before(...ends: readonly EdgeEnd[]): this {
    for (const end of ends) drawAll([this[PLACED]], placedEnds(end, "before"));
    return this;
  }

  after(...ends: readonly EdgeEnd[]): this {
    for (const end of ends) drawAll(placedEnds(end, "after"), [this[PLACED]]);
    return this;
  }

  asSetup(): this {
    this[PLACED].isSetup = true;
    return this;
  }

  asTeardown({ setups = [], onFailureFailDagrun = false }: TeardownOptions = {}): this {
    const task = this[PLACED];
    task.teardown = { onFailureFailDagrun };
    for (const setup of placedEnds(setups, "asTeardown")) {
      if (setup.kind === "placed-group") {
        throw invalidDag(
          { dagId: task.builder.dagId, taskId: task.taskId },
          `setups names task group "${setup.groupId}"; name the setup tasks themselves`,
        );
      }
      setup.isSetup = true;
      drawAll([setup], [task]);
    }
    return this;
  }
}

/** The handle of a placed task, typed by its definition. */
export function taskRef<O, X = Readonly<Record<string, unknown>>>(task: PlacedTask): TaskArg<O, X> {
  // The value types exist only in the compiler: at run time every handle is alike.
  return new TaskRef(task, RETURN_KEY, []) as unknown as TaskArg<O, X>;
}

/** A reference that is no task's result (the element of a mapped group). */
export function mappableRef(reference: Reference): Mappable<unknown> {
  return new MappableRef(reference) as unknown as Mappable<unknown>;
}
