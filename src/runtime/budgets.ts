/**
 * @module What one invocation of the Worker may use up: subrequests (the platform ends an invocation over its limit) and attempts. One counter for all batches
 * of an invocation.
 */
import type { RuntimePorts } from "./ports.ts";

/** Free: 50 subrequests by the platform; paid: 1000. What is left is for the authors' own fetches. */
const SUBREQUESTS = { free: 35, paid: 800 } as const;
/** Attempts of one invocation: memory and CPU add up over them. */
const ATTEMPTS_MAX = 200;
/** Kept for reports and heartbeats of attempts that were already taken. */
const SUBREQUESTS_RESERVED = 5;

export type Plan = keyof typeof SUBREQUESTS;

export class InvocationBudget {
  #subrequests: number;
  #attempts = ATTEMPTS_MAX;

  constructor(plan: Plan) {
    this.#subrequests = SUBREQUESTS[plan];
  }

  /** Counts one call to the outside. Calls are never refused: an outcome must be reported even over the budget. */
  spendSubrequest(): void {
    this.#subrequests--;
  }

  spendAttempt(): void {
    this.#attempts--;
  }

  /** Attempts that may still be taken; each may need a call of its own. */
  get attemptsLeft(): number {
    return Math.max(0, Math.min(this.#attempts, this.#subrequests - SUBREQUESTS_RESERVED));
  }
}

/** The same ports, each call counted. */
export function countedPorts(ports: RuntimePorts, budget: InvocationBudget): RuntimePorts {
  const { run, dags, objects, variables, connections } = ports;
  const counted =
    <A extends readonly unknown[], R>(call: (...args: A) => R) =>
    (...args: A): R => {
      budget.spendSubrequest();
      return call(...args);
    };
  return {
    ...ports,
    run: {
      claim: counted((request) => run.claim(request)),
      report: counted((request) => run.report(request)),
      heartbeat: counted((request) => run.heartbeat(request)),
      readXComs: counted((request) => run.readXComs(request)),
      once: counted((request) => run.once(request)),
    },
    dags: {
      trigger: counted((order) => dags.trigger(order)),
      observe: counted((request) => dags.observe(request)),
    },
    objects: { put: counted((key, body) => objects.put(key, body)), get: counted((key) => objects.get(key)) },
    variables: { get: counted((name) => variables.get(name)), names: counted(() => variables.names()) },
    connections: { get: counted((id) => connections.get(id)), ids: counted(() => connections.ids()) },
  };
}
