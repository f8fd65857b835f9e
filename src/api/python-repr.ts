/**
 * @module A JSON value as Python prints it (`stringify=true` of XComs): `{'n': 42, 'ok': True, 'none': None}`.
 */

/** Text of a plain JSON value in Python's notation. */
export function pythonRepr(value: unknown): string {
  if (value === null || value === undefined) return "None";
  if (value === true) return "True";
  if (value === false) return "False";
  if (typeof value === "number") return numberRepr(value);
  if (typeof value === "string") return stringRepr(value);
  if (Array.isArray(value)) return `[${value.map(pythonRepr).join(", ")}]`;
  if (typeof value === "object") {
    return `{${Object.entries(value)
      .map(([key, item]) => `${stringRepr(key)}: ${pythonRepr(item)}`)
      .join(", ")}}`;
  }
  return `<${typeof value}>`;
}

function numberRepr(value: number): string {
  // Python writes a two-digit exponent.
  return String(value).replace(/e([+-])(\d)$/, "e$10$2");
}

/** Single quotes unless the text has one and no double quote. */
function stringRepr(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  let out = "";
  for (const char of text) out += escapeChar(char, quote);
  return quote + out + quote;
}

const ESCAPES: Readonly<Record<string, string>> = { "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t" };

function escapeChar(char: string, quote: string): string {
  if (char === quote) return `\\${quote}`;
  const known = ESCAPES[char];
  if (known !== undefined) return known;
  const code = char.codePointAt(0) ?? 0;
  return code < 0x20 || (code >= 0x7f && code < 0xa1) || code === 0xad
    ? `\\x${code.toString(16).padStart(2, "0")}`
    : char;
}
