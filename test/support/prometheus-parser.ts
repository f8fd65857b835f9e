/**
 * @module A strict reader of Prometheus' text format 0.0.4: it throws for anything that Prometheus would refuse, and for what promtool complains about.
 */

export interface ParsedFamily {
  readonly type: string;
  readonly help: string;
  /** Value by sample name and labels, `name{a="1",b="2"}`, labels as written. */
  readonly samples: Map<string, number>;
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*/;
const LABEL = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\\\|\\"|\\n)*)"/;
const VALUE = /^ (-?(?:\d+(?:\.\d+)?(?:e[+-]?\d+)?)|NaN|[+-]Inf)$/;

/** Families by name. */
export function parsePrometheus(text: string): Map<string, ParsedFamily> {
  if (text !== "" && !text.endsWith("\n")) throw new Error("the last line has no end");
  const families = new Map<string, ParsedFamily>();
  let current: string | undefined;
  let help = "";
  for (const line of text.split("\n").slice(0, -1)) {
    const helped = /^# HELP (\S+) (.+)$/.exec(line);
    const typed = /^# TYPE (\S+) (counter|gauge|summary|histogram|untyped)$/.exec(line);
    if (helped !== null) help = helped[2] ?? "";
    else if (typed !== null) {
      current = typed[1] ?? "";
      if (families.has(current)) throw new Error(`two families ${current}`);
      families.set(current, { type: typed[2] ?? "", help, samples: new Map() });
    } else readSample(line, families.get(current ?? ""), current ?? "");
  }
  return families;
}

function readSample(line: string, family: ParsedFamily | undefined, familyName: string): void {
  const name = NAME.exec(line)?.[0] ?? "";
  const allowed = family?.type === "summary" ? [`${familyName}_sum`, `${familyName}_count`] : [familyName];
  if (family === undefined || !allowed.includes(name)) throw new Error(`no type for: ${line}`);
  let rest = line.slice(name.length);
  const seen = new Set<string>();
  if (rest.startsWith("{")) {
    rest = rest.slice(1);
    while (!rest.startsWith("}")) {
      const label = LABEL.exec(rest);
      if (label === null || label[1]?.startsWith("__") === true) throw new Error(`bad label: ${line}`);
      if (seen.has(label[1] ?? "")) throw new Error(`a label twice: ${line}`);
      seen.add(label[1] ?? "");
      rest = rest.slice(label[0].length);
      if (rest.startsWith(",")) rest = rest.slice(1);
      else if (!rest.startsWith("}")) throw new Error(`bad labels: ${line}`);
    }
    rest = rest.slice(1);
  }
  const value = VALUE.exec(rest)?.[1];
  if (value === undefined) throw new Error(`bad value: ${line}`);
  const key = line.slice(0, line.length - rest.length);
  if (family.samples.has(key)) throw new Error(`a sample twice: ${line}`);
  family.samples.set(key, Number(value.replace("Inf", "Infinity")));
}
