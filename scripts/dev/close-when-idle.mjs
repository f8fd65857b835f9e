/**
 * @module Local objects close soon after their last call. workerd keeps an idle object for more than a minute, with three open files each: a few
 * thousand objects used within a minute reach what one process may open, and then everything stands still. Deployed there is no such limit.
 */

/** An object that is used again within this time stays: long against the steps of a run. */
const IDLE_MS = 2_000;
/** Why an object went; workerd writes it to its log, where `server.mjs` leaves it out. */
export const IDLE_REASON = "airflare: closed an idle object";

/** What keeps an object open: calls, alarms, and what they left to `waitUntil`. */
class Uses {
  #ctx;
  #open = 0;
  #timer;

  constructor(ctx) {
    this.#ctx = ctx;
    const waitUntil = ctx.waitUntil.bind(ctx);
    ctx.waitUntil = (work) => waitUntil(this.during(() => work));
  }

  async during(work) {
    this.#open++;
    clearTimeout(this.#timer);
    try {
      return await work();
    } finally {
      this.#open--;
      if (this.#open === 0) this.#timer = setTimeout(() => this.#close(), IDLE_MS);
    }
  }

  #close() {
    if (this.#open === 0 && this.#ctx.getWebSockets().length === 0) this.#ctx.abort(IDLE_REASON);
  }
}

/** `Base`, a class of objects, whose objects close when they are idle. */
export function closingWhenIdle(Base) {
  const uses = new WeakMap();
  class Closing extends Base {
    constructor(ctx, env) {
      const own = new Uses(ctx);
      super(ctx, env);
      uses.set(this, own);
    }
  }
  for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(Base.prototype))) {
    if (name === "constructor" || typeof value !== "function") continue;
    const counted = function counted(...args) {
      return uses.get(this).during(() => value.apply(this, args));
    };
    Object.defineProperty(Closing.prototype, name, { value: counted, configurable: true, writable: true });
  }
  return Closing;
}
