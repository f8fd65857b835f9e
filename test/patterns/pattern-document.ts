/**
 * @module The pattern document as data: for each of its headings, every keyword, operator, import, call, decorator and practice that stands there.
 *
 * `pattern-document.txt` is a verbatim copy. Items are found by shape, not listed by hand, so that nothing is forgotten.
 */
import { readFileSync } from "node:fs";
import path from "node:path";

export interface Pattern {
  readonly heading: string;
  /** In order of appearance, distinct. */
  readonly items: readonly string[];
}

/** Keywords whose values are different features. */
const WITH_VALUE = new Set(["schedule_interval", "trigger_rule", "catchup", "mode"]);
/** Plain Python that has nothing to do with orchestration. */
const PLAIN_PYTHON = /^(tasks\.append|super|len|range|datetime|datetime\.now|time\.time|float|int|str)$/;

export function readPatterns(): readonly Pattern[] {
  const text = readFileSync(path.join(import.meta.dirname, "pattern-document.txt"), "utf8");
  const patterns: { heading: string; items: Set<string> }[] = [];
  let code: string[] | null = null;
  for (const line of text.split("\n")) {
    const current = patterns.at(-1);
    if (line.startsWith("```")) {
      if (code !== null) for (const item of itemsOfCode(code.join("\n"))) current?.items.add(item);
      code = code === null ? [] : null;
    } else if (code !== null) {
      code.push(line);
    } else if (/^#{2,3} /.test(line)) {
      patterns.push({ heading: line.replace(/^#+ (\d+\. )?/, ""), items: new Set() });
    } else {
      const practice = /^(?:- (.+)|\d+\. \*\*(.+)\*\*.*)$/.exec(line);
      if (practice !== null) current?.items.add(practice[1] ?? practice[2] ?? "");
    }
  }
  return patterns.filter(({ items }) => items.size > 0).map(({ heading, items }) => ({ heading, items: [...items] }));
}

function* itemsOfCode(block: string): Generator<string> {
  for (const [, command] of block.matchAll(/^# (airflow .+)$/gm)) yield command ?? "";
  for (const [, advice] of block.matchAll(
    /^# ((?:Use|Store|Test|Enable|Disable|Always|Run if|Default:|Wait|Set|Custom) .+)$/gm,
  ))
    yield advice ?? "";
  const code = block.replaceAll(/"""[\s\S]*?"""/g, '""').replaceAll(/(^|\s)#.*$/gm, "$1");
  for (const [, from, names] of code.matchAll(/^from (\S+) import (.+)$/gm)) {
    for (const name of (names ?? "").split(",")) yield `import ${from}.${name.trim()}`;
  }
  for (const [, keys] of code.matchAll(/default_args = \{([\s\S]*?)\n\}/g)) {
    for (const [, key] of (keys ?? "").matchAll(/'(\w+)':/g)) yield `default_args[${key}]`;
  }
  const body = code.replaceAll(/^from .*$/gm, "");
  for (const [, decorator] of body.matchAll(/^(@\w+)/gm)) yield decorator ?? "";
  for (const [, base] of body.matchAll(/^class \w+\((\w+)\)/gm)) yield `class(${base})`;
  for (const [, parameters] of body.matchAll(/^\s*def \w+\((.*)\):$/gm)) yield `def(${parameters})`;
  for (const [, key] of body.matchAll(/context\['(\w+)'\]/g)) yield `context[${key}]`;
  for (const [, name, value] of body.matchAll(/[\s(](\w+)=('[^']*'|[\w.]+(?:\([^)]*\))?|[^\s,)]+)/g)) {
    yield WITH_VALUE.has(name ?? "") ? `${name}=${value}` : `${name}=`;
  }
  for (const [, call] of body
    .replaceAll(/^(\s*)(def|class) .*$/gm, "")
    .matchAll(/\b([a-z_]\w*(?:\.\w+)*|[A-Z]\w*(?:\.\w+)*)\(/g)) {
    if (!PLAIN_PYTHON.test(call ?? "")) yield `${call}()`;
  }
  for (const [, attribute] of body.matchAll(/[\])\w]\.([A-Za-z]\w+)\b(?!\(|\.|['/])/g)) yield `.${attribute}`;
  if (/\w >> \w/.test(body)) yield "a >> b";
  if (/>> \[/.test(body)) yield "a >> [b, c]";
  if (/\] >>/.test(body)) yield "[a, b] >> c";
  for (const [bound] of body.matchAll(/%\(\w+\)s/g)) yield bound;
  if (body.includes("__main__")) yield "__main__";
}
