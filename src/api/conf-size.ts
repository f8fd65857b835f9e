/**
 * @module How large a conf may be: it is part of the run's head, which is read with every attempt.
 */
import { HttpDetailError } from "./errors.ts";

const CONF_BYTES_MAX = 256 * 1024;

/** The conf as it is. Throws 413 for one that is too large. */
export function boundedConf<Conf extends Readonly<Record<string, unknown>> | null>(conf: Conf): Conf {
  if (new TextEncoder().encode(JSON.stringify(conf)).byteLength <= CONF_BYTES_MAX) return conf;
  throw new HttpDetailError(
    413,
    `conf is larger than ${CONF_BYTES_MAX} bytes: store the data in a bucket and hand over its key`,
  );
}
