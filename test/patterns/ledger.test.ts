/**
 * @module The ledger has no hole: every item of the pattern document is either shown by a DAG and a test that exist, or open under a known subject.
 */
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { LEDGER } from "./ledger.ts";
import { OPEN, type LedgerRow } from "./ledger-row.ts";
import { readPatterns, type Pattern } from "./pattern-document.ts";
import path from "node:path";

const projectFolder = path.resolve(import.meta.dirname, "../..");

/** One line for each thing wrong with a ledger. */
function holes(patterns: readonly Pattern[], ledger: readonly LedgerRow[]): string[] {
  const found: string[] = [];
  const times = new Map<string, number>();
  for (const { heading, items } of ledger)
    for (const item of items) times.set(`${heading}: ${item}`, (times.get(`${heading}: ${item}`) ?? 0) + 1);
  const asked = new Set(patterns.flatMap(({ heading, items }) => items.map((item) => `${heading}: ${item}`)));
  for (const item of asked) if (!times.has(item)) found.push(`no row: ${item}`);
  for (const [item, count] of times) {
    if (!asked.has(item)) found.push(`not in the document: ${item}`);
    if (count > 1) found.push(`more than one row: ${item}`);
  }
  for (const { heading, evidence } of ledger)
    found.push(...badEvidence(evidence).map((problem) => `${heading}: ${problem}`));
  return [...new Set(found)];
}

function badEvidence(evidence: LedgerRow["evidence"]): string[] {
  if ("open" in evidence) {
    const both = "test" in evidence ? ["both shown and open"] : [];
    return Object.values<string>(OPEN).includes(evidence.open) ? both : [...both, `unknown subject ${evidence.open}`];
  }
  const [file, name] = evidence.test;
  const testFile = path.join(projectFolder, "test", file);
  const problems: string[] = [];
  if (evidence.dag !== null && !existsSync(path.join(projectFolder, "dags", evidence.dag)))
    problems.push(`no DAG file ${evidence.dag}`);
  if (!existsSync(testFile)) return [...problems, `no test file ${file}`];
  const text = readFileSync(testFile, "utf8").replaceAll(/\(\s+"/g, '("');
  if (![`test("${name}"`, `])("${name}"`].some((start) => text.includes(start)))
    problems.push(`no test "${name}" in ${file}`);
  return problems;
}

const patterns = readPatterns();

test("the document is read: 26 headings and more than 200 items", () => {
  expect(patterns.map(({ heading }) => heading)).toHaveLength(26);
  expect(patterns.flatMap(({ items }) => items).length).toBeGreaterThan(200);
  expect(patterns.find(({ heading }) => heading === "Trigger Rules")?.items).toContain(
    "trigger_rule=TriggerRule.ONE_FAILED",
  );
});

test("every keyword, operator, import and practice of the document has exactly one row, with evidence that exists", () => {
  expect(holes(patterns, LEDGER)).toEqual([]);
});

test("each heading has a test file of its own", () => {
  const opening = readdirSync(import.meta.dirname)
    .filter((file) => file.endsWith(".test.ts"))
    .map((file) => readFileSync(path.join(import.meta.dirname, file), "utf8").slice(0, 200));
  const without = patterns.filter(({ heading }) => !opening.some((text) => text.includes(`"${heading}"`)));
  expect(without.map(({ heading }) => heading)).toEqual([]);
});

test("a missing row, a doubled row, a vanished test and an unknown subject are each found", () => {
  const [first, ...rest] = LEDGER;
  if (first === undefined) throw new Error("the ledger is empty");
  expect(holes(patterns, rest)).not.toEqual([]);
  expect(holes(patterns, [...LEDGER, first])).not.toEqual([]);
  const withEvidence = (evidence: LedgerRow["evidence"]) => holes(patterns, [{ ...first, evidence }, ...rest]);
  expect(withEvidence({ dag: "no.ts", test: ["patterns/ledger.test.ts", "no such test"] })).toEqual([
    `${first.heading}: no DAG file no.ts`,
    `${first.heading}: no test "no such test" in patterns/ledger.test.ts`,
  ]);
  expect(withEvidence({ open: "Some day" })).toEqual([`${first.heading}: unknown subject Some day`]);
});

test("what is open is no more than flows", () => {
  const open = LEDGER.filter(({ evidence }) => "open" in evidence);
  expect([...new Set(open.map(({ heading }) => heading))]).toEqual(["Basic Flow", "Parallel Execution"]);
});
