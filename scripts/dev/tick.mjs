/**
 * @module Fires the Worker's cron once a minute, as Cloudflare does; the local runtime does not by itself.
 */
import process from "node:process";

const MINUTE_MS = 60_000;
const CRON = "* * * * *";

/** Ticks now and at the start of each minute. Answers the function that ends it. A failed tick is made up for by the next. */
export function startTicking(url) {
  let timer;
  async function tick() {
    const now = Date.now();
    const minute = now - (now % MINUTE_MS);
    timer = setTimeout(tick, minute + MINUTE_MS - now);
    const query = new URLSearchParams({ cron: CRON, time: String(minute) });
    await fetch(`${url}/cdn-cgi/local/scheduled?${query}`, { signal: AbortSignal.timeout(MINUTE_MS) }).then(
      (response) => response.arrayBuffer(),
      (error) => process.stderr.write(`cron tick failed (${error.message}); the next is in a minute\n`),
    );
  }
  void tick();
  return () => clearTimeout(timer);
}
