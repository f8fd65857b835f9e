/**
 * @module IP addresses as bytes, and which of them lie on the public internet. Hosts come normalized by `URL`, which knows every odd notation of an IPv4 address.
 */

/** Ranges as `[first bytes, prefix length]` that no public host has: IANA's special-purpose registry, and a cloud's metadata address in public space. */
const SPECIAL_V4: readonly (readonly [string, number])[] = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  // Link-local, with the metadata services of most clouds.
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 3],
  // Azure's platform address.
  ["168.63.129.16", 32],
];
/** Within 2000::/3, the only public space of IPv6: Teredo and other protocols, documentation, 6to4. */
const SPECIAL_V6: readonly (readonly [string, number])[] = [
  ["2001::", 23],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["3fff::", 20],
];

/** 4 or 16 bytes of an address as `URL.hostname` writes it (IPv6 with or without brackets), or null for a name. */
export function ipBytes(host: string): Uint8Array | null {
  const bare = host.startsWith("[") && host.endsWith("]") ? host.slice(1, -1) : host;
  return bare.includes(":") ? v6Bytes(bare) : v4Bytes(bare);
}

/** Whether the address is on the public internet. Every form that carries an IPv4 address in an IPv6 one counts as not public. */
export function isPublicAddress(bytes: Uint8Array): boolean {
  if (bytes.length === 4) return !SPECIAL_V4.some(([network, bits]) => isWithin(bytes, network, bits));
  return isWithin(bytes, "2000::", 3) && !SPECIAL_V6.some(([network, bits]) => isWithin(bytes, network, bits));
}

/** Whether the address lies in `network/bits`. */
export function isWithin(bytes: Uint8Array, network: string, bits: number): boolean {
  const other = ipBytes(network);
  if (other === null || other.length !== bytes.length) return false;
  for (let at = 0; at * 8 < bits; at++) {
    const mask = bits - at * 8 >= 8 ? 0xff : (0xff << (8 - (bits - at * 8))) & 0xff;
    if (((bytes[at] ?? 0) & mask) !== ((other[at] ?? 0) & mask)) return false;
  }
  return true;
}

function v4Bytes(text: string): Uint8Array | null {
  const parts = text.split(".");
  if (parts.length !== 4 || !parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) < 256)) return null;
  return Uint8Array.from(parts, Number);
}

function v6Bytes(text: string): Uint8Array | null {
  const [before = "", after, ...more] = text.split("::");
  if (more.length > 0) return null;
  const head = wordsOf(before);
  const tail = after === undefined ? [] : wordsOf(after);
  if (head === null || tail === null) return null;
  const missing = 8 - head.length - tail.length;
  if (after === undefined ? missing !== 0 : missing < 1) return null;
  const words = [...head, ...Array.from({ length: missing }, () => 0), ...tail];
  return Uint8Array.from(words.flatMap((word) => [word >> 8, word & 0xff]));
}

function wordsOf(text: string): readonly number[] | null {
  if (text === "") return [];
  const words: number[] = [];
  for (const part of text.split(":")) {
    const v4 = v4Bytes(part);
    if (v4 !== null) words.push(((v4[0] ?? 0) << 8) | (v4[1] ?? 0), ((v4[2] ?? 0) << 8) | (v4[3] ?? 0));
    else if (/^[0-9a-f]{1,4}$/i.test(part)) words.push(Number.parseInt(part, 16));
    else return null;
  }
  return words;
}
