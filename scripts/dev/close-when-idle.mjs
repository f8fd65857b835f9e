/**
 * @module Local objects close some time after their last call, soon when many are open. workerd keeps an idle object for more than a minute, with three
 * open files each: a few thousand objects used within a minute reach what one process may open, and then everything stands still. Deployed there is no
 * such limit. To open an object again costs more CPU than a task, so with few open they stay for a while.
 */

/** While at most `FEW` objects are open: runs that wait for the task queue meanwhile are not opened twice. */
const IDLE_MS = 30_000;
/** With more open; long against the steps of a run. */
const CROWDED_IDLE_MS = 2_000;
/** Each takes three open files, of the 20,000 that a process may have in many containers, and 0.4 MB of memory; what opens within two seconds comes on top. */
const FEW = 1_500;
/** Why an object went; workerd writes it to its log, where `server.mjs` leaves it out. */
export const IDLE_REASON = "airflare: closed an idle object";

/** Objects of this isolate that are open. One that ended otherwise stays counted: then the others close sooner. */
let objectsOpen = 0;

/** What keeps an object open: calls, alarms, and what they left to `waitUntil`. */
class Uses {
  #ctx;
  #open = 0;
  #timer;

  constructor(ctx) {
    this.#ctx = ctx;
    objectsOpen++;
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
      const idleMs = objectsOpen > FEW ? CROWDED_IDLE_MS : IDLE_MS;
      if (this.#open === 0) this.#timer = setTimeout(() => this.#close(), idleMs);
    }
  }

  #close() {
    if (this.#open > 0 || this.#ctx.getWebSockets().length > 0) return;
    objectsOpen--;
    this.#ctx.abort(IDLE_REASON);
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
