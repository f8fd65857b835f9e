/**
 * @module `R` in a cron (a random value, `R(0-29)`, `R/15`). Airflow draws anew each time it asks; here the expression's own text draws, so that a schedule
 * gives the same answer each time and two expressions that differ spread out.
 */
import { sha1 } from "../../lib/sha1.ts";
import { CronFieldError, DAY_OF_WEEK } from "./cron-field.ts";
import type { CronFieldRule } from "./cron-field.ts";

const RANDOM = /^r(?:\((\d+)-(\d+)\))?(?:\/(\d+))?$/;

/** The field with its value drawn; as it is when it holds no `R`. `text` is the whole expression. */
export function drawField(rule: CronFieldRule, field: string, text: string): string {
  const match = RANDOM.exec(field);
  if (match === null) return field;
  const [, lowText, highText, step] = match;
  const low = lowText === undefined ? rule.min : Number(lowText);
  const high = highText === undefined ? rule.max : Number(highText);
  const highest = rule === DAY_OF_WEEK ? 7 : rule.max;
  if (lowText !== undefined && (low >= high || low < rule.min || high > highest)) {
    throw new CronFieldError(`${rule.name} '${field}': the range of 'R' rises, within ${rule.min}-${highest}`);
  }
  if (step === undefined) return String(low + draw(rule, text, high - low + 1));
  if (Number(step) === 0) throw new CronFieldError(`${rule.name} '${field}': a step of 0 never moves`);
  const first = low + draw(rule, text, Math.min(low + Number(step) - 1, high) - low + 1);
  return first === high ? String(first) : `${first}-${high}/${step}`;
}

/** From 0 to below `count`. */
function draw(rule: CronFieldRule, text: string, count: number): number {
  return sha1(`${text}#${rule.name}`).reduce((value, byte) => (value * 256 + byte) % count, 0);
}
