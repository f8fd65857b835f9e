/**
 * @module What may go wrong, drawn anew for each world (a swarm: some kinds off, some frequent).
 */
import type { Rng } from "./rng.ts";

export interface Faults {
  /** The object dies before its transaction: nothing is kept. */
  readonly crashBeforeCommit: number;
  /** The object dies after its transaction, before it sends or answers. */
  readonly crashAfterCommit: number;
  /** The object forgets its memory between two calls. */
  readonly evict: number;
  readonly replyLost: number;
  readonly queueSendFails: number;
  readonly messageLost: number;
  readonly messageTwice: number;
  readonly messageLate: number;
  readonly driverDies: number;
  readonly alarmLost: number;
  readonly alarmEarly: number;
  readonly heartbeatLost: number;
  readonly clockSkew: number;
  readonly userCommand: number;
  readonly pushFails: number;
  /** A row reaches the history after newer ones. */
  readonly historyLate: number;
  /** The object of a limit forgets its memory between two calls. */
  readonly slotObjectDies: number;
  /** A run's call to a limit does not arrive, or its answer does not. */
  readonly slotCallLost: number;
  readonly slotReplyLost: number;
  /** A grant that a limit brings to a run. */
  readonly slotWordLost: number;
  readonly slotWordTwice: number;
  readonly slotWordLate: number;
}

export const FAULT_KINDS = [
  "crashBeforeCommit",
  "crashAfterCommit",
  "evict",
  "replyLost",
  "queueSendFails",
  "messageLost",
  "messageTwice",
  "messageLate",
  "driverDies",
  "alarmLost",
  "alarmEarly",
  "heartbeatLost",
  "clockSkew",
  "userCommand",
  "pushFails",
  "historyLate",
  "slotObjectDies",
  "slotCallLost",
  "slotReplyLost",
  "slotWordLost",
  "slotWordTwice",
  "slotWordLate",
] as const satisfies readonly (keyof Faults)[];

const LEVELS = [0, 0, 0.01, 0.05, 0.2] as const;

/** Draws the probabilities of one world. One world in ten has no faults at all. */
export function drawFaults(rng: Rng): Faults {
  const calm = rng.chance(0.1);
  const level = (): number => (calm ? 0 : rng.pick(LEVELS));
  return {
    crashBeforeCommit: level(),
    crashAfterCommit: level(),
    evict: level(),
    replyLost: level(),
    queueSendFails: level(),
    messageLost: level(),
    messageTwice: level(),
    messageLate: level(),
    driverDies: level() / 2,
    alarmLost: level(),
    alarmEarly: level(),
    heartbeatLost: level(),
    clockSkew: level(),
    userCommand: level() / 4,
    pushFails: level(),
    historyLate: level() * 3,
    slotObjectDies: level(),
    slotCallLost: level(),
    slotReplyLost: level(),
    slotWordLost: level(),
    slotWordTwice: level(),
    slotWordLate: level(),
  };
}
