/**
 * @module The few XML documents of the S3 API that we read: flat lists of elements without attributes.
 */

const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

/** Inner text of each element of this name, nested ones as they stand. */
export function elements(xml: string, name: string): string[] {
  return Array.from(
    xml.matchAll(new RegExp(`<${name}(?:\\s[^>]*)?>([\\s\\S]*?)</${name}>`, "g")),
    ([, inner = ""]) => inner,
  );
}

/** Text of the first element of this name, "" when there is none. */
export function text(xml: string, name: string): string {
  return (elements(xml, name)[0] ?? "").replaceAll(
    /&(#x?)?(\w+);/g,
    (whole, number: string | undefined, code: string) => {
      if (number === undefined) return ENTITIES[code] ?? whole;
      return String.fromCodePoint(Number.parseInt(code, number === "#x" ? 16 : 10));
    },
  );
}

/** For a text inside an element. */
export function escaped(value: string): string {
  return value.replaceAll(/[&<>"']/g, (character) => `&#${character.codePointAt(0) ?? 0};`);
}
