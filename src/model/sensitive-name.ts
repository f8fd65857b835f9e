/**
 * @module Names whose values are secrets: of variables, of fields of a connection's extra, of headers.
 */

const SENSITIVE_NAME =
  /pass(word|wd|phrase)|secret|token|api_?key|access_?key|authorization|private_?key|keyfile_dict|service_account|credential|dsn/i;

/** True when a field or variable of this name holds a secret. */
export function isSensitiveName(name: string): boolean {
  return SENSITIVE_NAME.test(name.replaceAll("-", "_"));
}
