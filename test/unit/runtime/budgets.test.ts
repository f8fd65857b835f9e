/**
 * @module What an invocation may use up.
 */
import { expect, test } from "vitest";
import { countedPorts, InvocationBudget } from "../../../src/runtime/budgets.ts";
import { fakePorts } from "../../support/runtime-fakes.ts";

test("each call to the outside counts, whichever port it goes through", async () => {
  const budget = new InvocationBudget("free");
  const before = budget.attemptsLeft;
  const ports = countedPorts(fakePorts(), budget);
  await ports.run.report({ callId: "c", incarnation: "inc", reports: [], offer: null });
  await ports.run.heartbeat({ incarnation: "inc", tokens: [], logs: {} });
  await ports.run.readXComs({ taskIds: [], key: null, limit: 1 });
  await ports.run.once({ incarnation: "inc", token: "t", key: "k" });
  await ports.objects.put("k", "v");
  await ports.objects.get("k");
  await ports.variables.get("v");
  await ports.variables.names();
  await ports.connections.get("c");
  await ports.connections.ids();
  expect(before - budget.attemptsLeft).toBe(10);
});

test("a paid plan is bounded by attempts first, a free one by subrequests", () => {
  expect(new InvocationBudget("paid").attemptsLeft).toBe(200);
  expect(new InvocationBudget("free").attemptsLeft).toBe(30);
  const budget = new InvocationBudget("paid");
  for (let i = 0; i < 250; i++) budget.spendAttempt();
  expect(budget.attemptsLeft).toBe(0);
});
