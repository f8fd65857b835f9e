/**
 * @module Right uses whose types must come out exactly: lossless results, element types, missing values, params, named values, mapped groups.
 */
import { branch, crossDownstream, dag, done, p, sensor, shortCircuit, task, taskGroup, typed } from "airflare";
import type { Param, TaskArg, XComArg } from "airflare";

// The usual test of identity: an instantiation of its own on each side.
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
/** Compiles only for `true`. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters
function same<_T extends true>(): void {}

interface Tree {
  readonly name: string;
  readonly children: readonly Tree[];
}
interface Labelled {
  readonly kind: "a" | "b";
  readonly [label: string]: string;
}

const lossless = task("lossless", async () => ({
  at: new Date(0),
  big: 1n,
  bytes: new Uint8Array(1),
  byName: new Map([["a", new Set([1])]]),
  maybe: undefined as string | undefined,
}));
export const plainUnion = task("plain_union", () => (Date.now() > 0 ? "a" : ["b"]));
const tree = task("tree", async (): Promise<Tree> => ({ name: "root", children: [] }));
const labelled = task("labelled", async (): Promise<Labelled> => ({ kind: "a" }));
const stream = task("stream", async () => new Blob(["x"]).stream() as ReadableStream<Uint8Array>);
const list = task("list", async () => [{ id: 1, tags: ["x"] }]);
const pair = task("pair", async ({ item }: { item: [{ id: number; tags: string[] }, string] }) => item[0].id);
const one = task("one", async ({ id, label = "x" }: { id: number; label?: string }) => ({ id, label }));
const sum = task("sum", async ({ ids }: { ids: readonly number[] }) => ids.reduce((a, b) => a + b, 0));
const late = task(
  "late",
  { triggerRule: "all_done" },
  async ({ n, region }: { n: number | undefined; region: string }) => [n, region],
);
const pushes = task("pushes", { xcom: typed<{ rows: number }>() }, async (_: {}, ctx) => {
  await ctx.ti.xcomPush("rows", 1);
});
const positional = task(
  "positional",
  { opArgs: ["mysql", 3] },
  async (source: string, n: number, ctx) => `${source}${n}${ctx.ti.taskId}`,
);
const named = task("named", { opKwargs: { source: "mysql" } }, async ({ source }, ctx) => `${source}${ctx.ds}`);
const ready = sensor("ready", { mode: "reschedule" }, async ({ key }: { key: string }) =>
  key === "" ? false : done({ size: key.length }),
);

export const accepted = dag(
  "accepted",
  {
    params: {
      region: p.oneOf(["eu", "us"], { default: "eu" }),
      limit: 5,
      extra: p.schema<{ a: number }>({ type: "object" }),
    },
  },
  ({ params }) => {
    const kept = lossless();
    same<
      Same<
        typeof kept extends TaskArg<infer O> ? O : never,
        {
          at: Date;
          big: bigint;
          bytes: Uint8Array<ArrayBuffer>;
          byName: Map<string, Set<number>>;
          maybe: string | undefined;
        }
      >
    >();
    same<Same<ReturnType<typeof kept.pick<"at">>, XComArg<Date>>>();
    tree();
    labelled();
    stream();
    const items = list();
    const mapped = one.expand({ id: items.map(({ id }) => id) }, { label: "y" });
    sum({ ids: mapped.pick("id") });
    sum.with({ id: "sum_literals" })({ ids: [1, one.with({ id: "two" })({ id: 2 }).pick("id"), 3] });
    sum.with({ id: "sum_mapped" })({ ids: items.map(({ id }) => id) });
    one
      .with({ id: "partial" })
      .partial({ label: "z" })
      .expand({ id: [1, 2, 3] });
    one.with({ id: "kwargs" }).expandKwargs([{ id: 1 }, { id: 2, label: "q" }]);
    pair.expand({ item: items.zip(["a"]) });
    late.with({ id: "late_too" })({ n: sum.with({ id: "sum_again" })({ ids: [1] }), region: params.region });
    one.with({ id: "of_param" })({ id: params.limit });
    one.with({ id: "of_param_field" })({ id: params.extra.pick("a") });
    one.with({ id: "of_pushed" })({ id: pushes().xcom("rows") });
    positional().before(named());
    one.with({ id: "of_sensor" })({ id: ready({ key: "k" }).pick("size") });
    const perItem = taskGroup("per_item", { expand: { item: items } }, ({ item }) => ({
      itemId: task("id_of", async ({ of }: { of: { id: number } }) => of.id)({ of: item }),
    }));
    sum.with({ id: "sum_of_group" })({ ids: perItem.itemId });
    const a = one.with({ id: "a" })({ id: 1 });
    const b = one.with({ id: "b" })({ id: 2 });
    branch("several", { to: { a, b } }, async () => ["a", "b"]);
    branch("one_or_more", { to: { a, b } }, () => (Date.now() > 0 ? ["a", "b"] : "a"));
    branch("none", { to: { a } }, () => (Date.now() > 0 ? "a" : null));
    branch("by_id", {}, (): string => "a");
    shortCircuit("go_on", { in: { n: a.pick("id") } }, ({ n }: { n: number }) => n > 0);
    crossDownstream([a, b], [perItem]);
  },
);
same<
  Same<
    typeof accepted.paramValues,
    { readonly region: "eu" | "us"; readonly limit: number; readonly extra: { a: number } } | undefined
  >
>();
same<Same<ReturnType<typeof p.int>, Param<number>>>();
same<Same<Parameters<typeof positional.fn>[0], string>>();
