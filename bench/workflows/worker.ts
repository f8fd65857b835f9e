/**
 * @module The workloads on Cloudflare Workflows, behind an HTTP API of the smallest kind: `POST /runs` starts one, `GET /runs/:id` says how it is.
 */
import { WorkflowEntrypoint, type WorkflowEvent, type WorkflowStep } from "cloudflare:workers";
import type { Shape } from "../system.ts";

interface WorkflowsEnv {
  readonly BENCH: Workflow<Shape>;
}

export class BenchWorkflow extends WorkflowEntrypoint<WorkflowsEnv, Shape> {
  override async run({ payload }: WorkflowEvent<Shape>, step: WorkflowStep): Promise<number> {
    return payload.kind === "chain" ? chain(step, payload.size) : fan(step, payload.kind, payload.size);
  }
}

async function chain(step: WorkflowStep, size: number): Promise<number> {
  let parcel = { step: 0, items: ["a", "b", "c"] };
  for (let index = 0; index < size; index++) {
    const given = parcel;
    // Each step needs the result of the one before.
    // oxlint-disable-next-line no-await-in-loop
    parcel = await step.do(`step_${index}`, async () => ({ ...given, step: index }));
  }
  return parcel.step;
}

async function fan(step: WorkflowStep, kind: Shape["kind"], size: number): Promise<number> {
  const items = Array.from({ length: size }, (_, index) => index);
  const list = kind === "map" ? await step.do("list", async () => items) : items;
  const parts = await Promise.all(list.map((index) => step.do(`part_${index}`, async () => index)));
  return step.do("join", async () => parts.reduce((sum, value) => sum + value, 0));
}

export default {
  async fetch(request, env) {
    const { pathname } = new URL(request.url);
    if (request.method === "POST" && pathname === "/runs") {
      const instance = await env.BENCH.create({ params: await request.json<Shape>() });
      return Response.json({ id: instance.id });
    }
    const id = /^\/runs\/([^/]+)$/.exec(pathname)?.[1];
    if (id === undefined) return Response.json({ status: "ok" });
    const { status, error } = await (await env.BENCH.get(id)).status();
    return Response.json({ status, error });
  },
} satisfies ExportedHandler<WorkflowsEnv>;
