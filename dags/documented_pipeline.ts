/**
 * @module Documentation: a DAG and a task that explain themselves in Markdown, shown with the DAG's details.
 */
import { dag, task } from "airflare";
import { customersOf } from "./sample_shop.ts";

const loadCustomers = task(
  "load_customers",
  { docMd: "Counts the customers of the run's date. Safe to run again." },
  async (_: object, { executionDate }) => customersOf(executionDate, 100).length,
);

export const documentedPipeline = dag(
  "customer_etl",
  {
    schedule: null,
    isPausedUponCreation: true,
    description: "Loads customer data from MySQL to Snowflake",
    docMd: `
      # Customer ETL Pipeline

      ## Purpose
      Extract customer data from MySQL, transform it, and load into Snowflake.

      ## Schedule
      Runs daily at 2 AM UTC

      ## Dependencies
      - Requires MySQL connection 'mysql_prod'
      - Requires Snowflake connection 'snowflake_warehouse'

      ## Alerts
      Sends email on failure to data-team@example.com
    `,
    tags: ["etl", "customer", "daily"],
  },
  () => {
    loadCustomers();
  },
);
