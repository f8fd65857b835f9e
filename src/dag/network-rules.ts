/**
 * @module Which hosts the Worker may call for an author. A deployed Worker calls public hosts only, unless a setting lists others; a local start may call any.
 *
 * Settings: `AIRFLARE_ALLOWED_HOSTS` (`db.corp:5432, *.svc.example, 10.1.0.0/16`), `AIRFLARE_HOSTNAMES` (the Worker's own names, which it must not call).
 */
import { ipBytes, isPublicAddress, isWithin } from "../lib/ip-address.ts";
import { AirflareError } from "../model/error.ts";

/** Web ports; any other on a public host needs an entry in the allow-list. */
const WEB_PORTS: ReadonlySet<number> = new Set([80, 443, 8080, 8443]);
/** Names that never mean a public host. */
const PRIVATE_SUFFIXES = ["localhost", "local", "internal", "intranet", "lan", "home", "corp", "private", "home.arpa"];

const RESOLVER = "https://cloudflare-dns.com/dns-query";
const RESOLVE_TIMEOUT_MS = 5000;

export interface NetworkTarget {
  /** As in a URL: a name, an IPv4 address, or an IPv6 address in brackets. */
  readonly host: string;
  readonly port: number;
  /** `web`: only web ports. `tcp`: whatever port the connection names. */
  readonly kind: "web" | "tcp";
}

/** Addresses of a name. Rejects when it has none. */
export type ResolveHost = (name: string) => Promise<readonly string[]>;

/**
 * Throws `target_refused` for a target the Worker may not call. The name is looked up, so that one that points to a private address is refused as well; a name
 * that changes between this look-up and the call is left to the platform, which has no route to private addresses.
 */
export async function assertTarget(
  env: unknown,
  target: NetworkTarget,
  resolveHost: ResolveHost = platformResolve,
): Promise<void> {
  const host = normalized(target.host);
  if (host === null) throw refused(target, "is no host name");
  if (settings(env, "AIRFLARE_HOSTNAMES").includes(host)) throw refused(target, "is this Worker's own name");
  if (setting(env, "AIRFLARE_LOCAL") === "1") return;
  const bytes = ipBytes(host);
  const allowed = settings(env, "AIRFLARE_ALLOWED_HOSTS");
  if (allowed.some((entry) => allows(entry, host, bytes, target.port))) return;
  if (target.kind === "web" && !WEB_PORTS.has(target.port))
    throw refused(target, `has a port other than ${[...WEB_PORTS].join(", ")}`);
  if (bytes !== null) {
    if (!isPublicAddress(bytes))
      throw refused(target, "is a private, loopback, link-local or otherwise special address");
    return;
  }
  if (isPrivateName(host)) throw refused(target, "is a private name");
  for (const address of await addressesOf(host, resolveHost)) {
    const found = ipBytes(address);
    if (found !== null && isPublicAddress(found)) continue;
    if (found !== null && allowed.some((entry) => allows(entry, address, found, target.port))) continue;
    throw refused(target, "points to a private, loopback, link-local or otherwise special address");
  }
}

/** Whether a host is private by how it is written: a special address, or a name that no public host has. */
export function isPrivateHost(host: string): boolean {
  const name = normalized(host);
  const bytes = name === null ? null : ipBytes(name);
  return bytes === null ? isPrivateName(name ?? "") : !isPublicAddress(bytes);
}

function isPrivateName(name: string): boolean {
  return !name.includes(".") || PRIVATE_SUFFIXES.some((suffix) => name === suffix || name.endsWith(`.${suffix}`));
}

async function addressesOf(host: string, resolveHost: ResolveHost): Promise<readonly string[]> {
  try {
    return await resolveHost(host);
  } catch (cause) {
    throw new AirflareError("target_unreachable", `The host ${host} cannot be looked up: it has no address.`, {
      cause,
    });
  }
}

/** Lower case, one form for each address, no dot at the end. */
function normalized(host: string): string | null {
  try {
    const { hostname } = new URL(`http://${host.includes(":") && !host.startsWith("[") ? `[${host}]` : host}`);
    return hostname.replace(/\.$/, "") || null;
  } catch (thrown) {
    if (thrown instanceof TypeError) return null;
    throw thrown;
  }
}

/** `host`, `host:port`, `*.suffix`, `network/bits`. */
function allows(entry: string, host: string, bytes: Uint8Array | null, port: number): boolean {
  const network = /^([\d.]+|\[?[\da-f:]+\]?)\/(\d+)$/i.exec(entry);
  if (network !== null) return bytes !== null && isWithin(bytes, network[1] ?? "", Number(network[2]));
  const withPort = /^(.*[^:]):(\d+)$/.exec(entry);
  const isV6 = entry.includes(":") && !entry.includes("]") && (entry.match(/:/g)?.length ?? 0) > 1;
  const name = withPort === null || isV6 ? entry : (withPort[1] ?? "");
  if (withPort !== null && !isV6 && Number(withPort[2]) !== port) return false;
  return name.startsWith("*.") ? host.endsWith(name.slice(1)) : normalized(name) === host;
}

function refused({ host, port }: NetworkTarget, why: string): AirflareError {
  return new AirflareError(
    "target_refused",
    `The Worker does not call ${host}:${port}: it ${why}. To allow it, list it in the variable AIRFLARE_ALLOWED_HOSTS of wrangler.toml.`,
    { details: { host, port } },
  );
}

function settings(env: unknown, name: string): readonly string[] {
  const parts = setting(env, name)
    .toLowerCase()
    .split(/[\s,]+/);
  return parts.filter((part) => part !== "");
}

function setting(env: unknown, name: string): string {
  const value = typeof env === "object" && env !== null && name in env ? Reflect.get(env, name) : undefined;
  return typeof value === "string" ? value : "";
}

/** Types of the records that hold an address. */
const ADDRESS_TYPES: readonly (readonly [string, number])[] = [
  ["A", 1],
  ["AAAA", 28],
];

/** A Worker has no resolver of its own: DNS over HTTPS, as the platform itself resolves. */
async function platformResolve(name: string): Promise<readonly string[]> {
  const answers = await Promise.all(
    ADDRESS_TYPES.map(async ([type, code]) => {
      const url = `${RESOLVER}?name=${encodeURIComponent(name)}&type=${type}`;
      const signal = AbortSignal.timeout(RESOLVE_TIMEOUT_MS);
      const response = await fetch(url, { headers: { accept: "application/dns-json" }, signal });
      const { Answer = [] }: DnsAnswer = await response.json();
      return Answer.filter((record) => record.type === code).map(({ data }) => data);
    }),
  );
  const found = answers.flat();
  if (found.length === 0) throw new Error(`${name} has no address`);
  return found;
}

interface DnsAnswer {
  readonly Answer?: readonly { readonly type: number; readonly data: string }[];
}
