/**
 * @module Wrong uses, each rejected by the compiler. `types.test.ts` takes the expectations away and looks at each error.
 */
import {
  branch,
  chain,
  dag,
  empty,
  p,
  r2Key,
  s3Key,
  task,
  taskGroup,
  testDag,
  timeDeltaTrigger,
  typed,
} from "airflare";
import { customerEtl, extract, load, transform } from "./etl.ts";

const joined = task("joined", { triggerRule: "all_done" }, async ({ n }: { n: number }) => n);
const pushes = task("pushes", { xcom: typed<{ rows: number }>() }, async () => {});

/** Never called: only the compiler looks. */
export function rejectedInResults(): void {
  // @ts-expect-error a function in a result: value.deep.cb is a function
  task("e1", async () => ({ deep: { cb: () => 1 } }));
  // @ts-expect-error a response in a result: value is a stream or promise
  task("e2", async () => new Response(""));
  // @ts-expect-error a promise inside a result: value.later is a stream or promise
  task("e2b", async () => ({ later: Promise.resolve(1) }));
}

export function rejectedWaits(): void {
  // @ts-expect-error unknown connection: "nowhere"
  s3Key("e20", { bucketKey: "s3://b/k", awsConnId: "nowhere" });
  // @ts-expect-error a bad duration: "soon"
  timeDeltaTrigger("soon");
  // @ts-expect-error a number where a key is wanted: type 'number' is not assignable
  r2Key("e21", { bucket: "LAKE", key: 7 });
}

export function rejectedNames(): void {
  // @ts-expect-error unknown pool: "nope"
  task("e3", { pool: "nope" }, async () => {});
  // @ts-expect-error bad duration: "5 minutes"
  task("e4", { retryDelay: "5 minutes" }, async () => {});
  // @ts-expect-error a bare number is no duration: type 'number' is not assignable
  task("e4b", { retryDelay: 300 }, async () => {});
  // @ts-expect-error unknown variable: "missing"
  task("e5", async (_: {}, ctx) => void (await ctx.variables.get("missing")));
  // @ts-expect-error unknown connection: "nowhere"
  task("e5b", async (_: {}, ctx) => void (await ctx.connections.get("nowhere")));
  // @ts-expect-error wrong XCom value: type 'string' is not assignable to parameter of type 'number'
  task("e6", { xcom: typed<{ n: number }>() }, async (_: {}, ctx) => ctx.ti.xcomPush("n", "no"));
  // @ts-expect-error positional value of the wrong type: no overload matches
  task("e6a", { opArgs: [1] }, async (source: string) => source);
  // @ts-expect-error unknown trigger rule: "all_good"
  task("e6b", { triggerRule: "all_good" }, async () => {});
}

export function rejectedInputs(): void {
  dag("inputs", {}, ({ params }) => {
    const extracted = extract({ region: "eu" });
    // @ts-expect-error literal of the wrong type: type 'string' is not assignable to type 'number'
    transform({ data: { rowCount: "1", at: new Date() } });
    // @ts-expect-error whole result where a field is wanted: is not assignable to type 'Arg<number, "all_success">'
    load({ rows: extracted });
    // @ts-expect-error missing input: 'rows' is missing
    load({});
    // @ts-expect-error missing argument: expected 1 arguments
    load();
    // @ts-expect-error unknown field in pick: "nope"
    extracted.pick("nope");
    // @ts-expect-error extra input: 'extra' does not exist
    load({ rows: 1, extra: 2 });
    // @ts-expect-error all_done with a required input: Arg<number, "all_done">
    joined({ n: extracted.pick("rowCount") });
    // @ts-expect-error unknown param: 'absent' does not exist
    extract({ region: params.absent });
    // @ts-expect-error unknown XCom key: "other"
    pushes().xcom("other");
    // @ts-expect-error a ref used as its value: 'rowCount' is missing
    const awaited: { rowCount: number } = extracted;
    return void awaited;
  });
}

export function rejectedGraph(): void {
  dag("graph", {}, () => {
    const a = empty("a");
    const b = empty("b");
    // @ts-expect-error unknown branch target: UnknownBranchTarget<"c">
    branch("br", { to: { a, b } }, () => "c");
    // @ts-expect-error a definition where a placed task is wanted: is not assignable to parameter of type 'EdgeEnd'
    chain(a, extract);
    // @ts-expect-error wrong element type in expand: type 'number' is not assignable to type 'string'
    extract.expand({ region: [1, 2] });
    // @ts-expect-error no list to map over: is not assignable to type
    extract.expand({ region: extract({ region: "eu" }).pick("region") });
    // @ts-expect-error mapped group, wrong element: ValueRef<number>
    taskGroup("g", { expand: { n: [1] } }, ({ n }) => ({ out: extract({ region: n }) }));
    // @ts-expect-error a default outside of its values: "mars"
    p.oneOf(["eu", "us"], { default: "mars" });
  });
}

export async function rejectedConf(): Promise<void> {
  // @ts-expect-error params outside of the DAG's: "mars"
  await testDag(customerEtl, { params: { region: "mars" } });
}
