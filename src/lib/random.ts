/**
 * @module Numbers derived from a seed that came in with an event: same seed, same numbers, so that a replayed event makes the same nonces.
 */

/** The `n`-th 48-bit number of `seed`; never 0, which means "no attempt open". */
export function deriveNonce(seed: number, n: number): number {
  const low = mix((seed >>> 0) ^ Math.imul(n + 1, 0x9e3779b1));
  const high = mix((Math.floor(seed / 0x1_0000_0000) >>> 0) ^ low ^ Math.imul(n + 1, 0x85ebca6b)) & 0xffff;
  const nonce = high * 0x1_0000_0000 + low;
  return nonce === 0 ? 1 : nonce;
}

/** Murmur3's finalizer: every input bit reaches every output bit. */
function mix(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
