/**
 * @module Values that hold a secret: stored sealed (XComs, results of `ctx.once`), so that a task may hand a password on and no store ever shows it. Everything else is
 * stored as it is.
 */
import { AirflareError } from "../model/error.ts";
import type { SealPort } from "./ports.ts";
import type { SecretMasker } from "./secret-masker.ts";

/** No codec text starts like this. */
const SEALED = "sealed:";

/** True for a stored text that {@link SealedValues.guard} has sealed. */
export function isSealed(text: string): boolean {
  return text.startsWith(SEALED);
}

export class SealedValues {
  readonly #port: SealPort;
  readonly #masker: SecretMasker;

  constructor(port: SealPort, masker: SecretMasker) {
    this.#port = port;
    this.#masker = masker;
  }

  /** The text as it may be stored. Throws `not_configured` when there is a secret in it and nothing to seal it with. */
  async guard(text: string): Promise<string> {
    return this.#masker.finds(text) ? `${SEALED}${await this.#port.seal(text)}` : text;
  }

  /** What {@link guard} was given. */
  async open(stored: string): Promise<string> {
    return isSealed(stored) ? this.#port.open(stored.slice(SEALED.length)) : stored;
  }

  /** Throws `invalid_request` for a name (of an XCom) with a secret in it: names are stored and shown everywhere. */
  assertName(what: string, name: string): void {
    if (!this.#masker.finds(name)) return;
    throw new AirflareError(
      "invalid_request",
      `The ${what} ${this.#masker.mask(name)} holds a secret; give it another name.`,
    );
  }
}
