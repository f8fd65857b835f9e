/**
 * @module Shell patterns as Python reads them: `fnmatch`, where `*` crosses `/`, and `glob`, where it does not. Always case-sensitive.
 */

/** First of these starts the pattern; the text before it is literal. */
const MAGIC = /[*?[]/;

/** True when the text holds `*`, `?` or `[`. */
export function hasMagic(pattern: string): boolean {
  return MAGIC.test(pattern);
}

/** The literal text before the first of `[ * ?`. */
export function literalPrefix(pattern: string): string {
  return pattern.split(MAGIC, 1)[0] ?? "";
}

/** Python's `fnmatch.fnmatchcase`: `*` is any text, also with `/` in it. */
export function fnmatchRegExp(pattern: string): RegExp {
  return new RegExp(`^${componentSource(pattern, "[^]")}$`);
}

/**
 * Python's `glob.glob` over a store of keys, as FileSensor uses it: matches a key that is the file itself or lies anywhere below a directory that the pattern names.
 * `*` and `?` stop at `/` and skip names that begin with a dot; `**` is any directories with `recursive`, else the same as `*`.
 */
export function globRegExp(pattern: string, recursive: boolean): RegExp {
  const parts = pattern.split("/").filter((part, i, all) => part !== "" || i === all.length - 1);
  let source = "";
  for (const [i, part] of parts.entries()) {
    const isLast = i === parts.length - 1;
    if (recursive && part === "**") {
      // As the last part it names every directory below, with the files in them, and the one before it.
      source += isLast ? "[^]+" : "(?:[^./][^/]*/)*";
      continue;
    }
    // "data/": a directory, and only what lies below it counts.
    if (part === "") return new RegExp(`^${source}[^]+$`);
    const isHiddenNamed = part.startsWith(".") || !hasMagic(part);
    source += `${isHiddenNamed ? "" : "(?!\\.)"}${componentSource(part, "[^/]")}${isLast ? "" : "/"}`;
  }
  return new RegExp(`^${source}${parts.at(-1) === "**" && recursive ? "" : "(?:/[^]+)?"}$`);
}

/** One pattern without `/` of its own meaning; `any` is the source of "any one character". */
function componentSource(pattern: string, any: string): string {
  let source = "";
  for (let i = 0; i < pattern.length; i++) {
    const char = pattern[i] ?? "";
    if (char === "*") {
      if (!source.endsWith(`${any}*`)) source += `${any}*`;
    } else if (char === "?") {
      source += any;
    } else if (char === "[") {
      const end = classEnd(pattern, i);
      if (end < 0) {
        source += "\\[";
        continue;
      }
      // A class of a path part never is the separator.
      source += `${any === "[^]" ? "" : "(?!/)"}${classSource(pattern.slice(i + 1, end))}`;
      i = end;
    } else source += char.replace(/[\\^$.*+?()[\]{}|/]/, "\\$&");
  }
  return source;
}

/** Place of the `]` that ends the class begun at `start`; a `]` that comes first belongs to it. -1: it is no class. */
function classEnd(pattern: string, start: number): number {
  let from = start + 1;
  if (pattern[from] === "!") from++;
  if (pattern[from] === "]") from++;
  return pattern.indexOf("]", from);
}

/** `[a-c]`, `[!a]`; a range that runs backwards holds nothing. */
function classSource(given: string): string {
  const negated = given.startsWith("!");
  const chars = negated ? given.slice(1) : given;
  const pieces: string[] = [];
  for (let i = 0; i < chars.length; i++) {
    const [low = "", dash, high] = [chars[i], chars[i + 1], chars[i + 2]];
    if (dash === "-" && high !== undefined) {
      if (low <= high) pieces.push(`${escaped(low)}-${escaped(high)}`);
      i += 2;
    } else pieces.push(escaped(low));
  }
  if (pieces.length === 0) return negated ? "[^]" : "(?!)";
  return `[${negated ? "^" : ""}${pieces.join("")}]`;
}

function escaped(char: string): string {
  return /[\\\]^[-]/.test(char) ? `\\${char}` : char;
}
