/**
 * @module Practice "Documentation": Markdown on DAGs and tasks.
 */
import { documentedPipeline } from "../../dags/documented_pipeline.ts";
import { expect, test } from "vitest";

test("description, tags and Markdown are kept; the Markdown without the indentation of the code", () => {
  const { description, docMd, tags } = documentedPipeline.spec;
  expect(description).toBe("Loads customer data from MySQL to Snowflake");
  expect(tags).toEqual(["customer", "daily", "etl"]);
  expect(docMd?.split("\n").slice(0, 4)).toEqual([
    "# Customer ETL Pipeline",
    "",
    "## Purpose",
    "Extract customer data from MySQL, transform it, and load into Snowflake.",
  ]);
});

test("a task may document itself, too", () => {
  expect(documentedPipeline.getTask("load_customers")?.docMd).toMatch(/^Counts the customers/);
});
