/**
 * @module Airflow's bulk requests: a list of create, update and delete actions in one call.
 */
import * as z from "zod/mini";

const onMissing = z._default(z.enum(["fail", "skip"]), "fail");

/** The body of a bulk request whose entities are `entity`. */
export function bulkBody<Entity extends z.ZodMiniType>(entity: Entity) {
  const create = z.strictObject({
    action: z.literal("create"),
    entities: z.array(entity),
    action_on_existence: z._default(z.enum(["fail", "skip", "overwrite"]), "fail"),
  });
  const update = z.strictObject({
    action: z.literal("update"),
    entities: z.array(entity),
    update_mask: z.optional(z.nullable(z.array(z.string()))),
    action_on_non_existence: onMissing,
  });
  const remove = z.strictObject({
    action: z.literal("delete"),
    entities: z.array(z.union([z.string(), entity])),
    action_on_non_existence: onMissing,
  });
  return z.strictObject({ actions: z.array(z.discriminatedUnion("action", [create, update, remove])) });
}

export const BulkActionResponse = z.object({
  success: z.array(z.string()),
  errors: z.array(z.object({ error: z.string(), status_code: z.int() })),
});

export const BulkResponse = z.object({
  create: z.nullable(BulkActionResponse),
  update: z.nullable(BulkActionResponse),
  delete: z.nullable(BulkActionResponse),
});
