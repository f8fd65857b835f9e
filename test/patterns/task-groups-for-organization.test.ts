/**
 * @module Pattern "Task Groups for Organization": groups with a tooltip, and an edge from group to group.
 */
import { expect, test } from "vitest";
import { taskGroups } from "../../dags/task_groups.ts";
import { testDag } from "airflare/testing";

test("groups keep their tooltips, and ids inside carry the group's", () => {
  expect(taskGroups.spec.groups).toMatchObject([
    { groupId: "extraction_group", tooltip: "Extract from all sources" },
    { groupId: "transformation_group", tooltip: "Transform all data" },
  ]);
  expect(taskGroups.taskIds).toEqual([
    "extraction_group.extract_db1",
    "extraction_group.extract_db2",
    "extraction_group.extract_api",
    "transformation_group.clean",
    "transformation_group.enrich",
    "load",
  ]);
});

test("an edge from group to group leads from its leaves to the other's roots", () => {
  expect(taskGroups.getTask("transformation_group.clean")?.upstreamTaskIds.toSorted()).toEqual([
    "extraction_group.extract_api",
    "extraction_group.extract_db1",
    "extraction_group.extract_db2",
  ]);
  expect(taskGroups.getTask("load")?.upstreamTaskIds).toEqual(["transformation_group.enrich"]);
});

test("the grouped tasks hand their results on", async () => {
  const run = await testDag(taskGroups);
  expect(run.state).toBe("success");
  const loaded = run.tasks["load"]?.result as { orders: number; value: number };
  const cleaned = run.tasks["transformation_group.clean"]?.result as unknown[];
  expect(loaded.orders).toBe(cleaned.length);
  expect(loaded.value).toBeGreaterThan(0);
});
