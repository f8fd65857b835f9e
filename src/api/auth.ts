/**
 * @module Who asks: the local user `admin` from the deployment's secrets, and the JWT that `POST /auth/token` gives (claims as Airflow's simple auth manager).
 */
import { sign, verify } from "hono/jwt";
import { AirflareError } from "../model/error.ts";
import { HttpDetailError } from "./errors.ts";
import type { ApiPorts, Caller } from "./ports.ts";

const ADMIN_USERNAME = "admin";
const AUDIENCE = "apache-airflow";
const ALGORITHM = "HS512";
/** Airflow's `[api_auth] jwt_expiration_time`. */
const TOKEN_SECONDS = 24 * 60 * 60;

type Secrets = ApiPorts["secrets"];

/** The secrets, or `not_configured` naming the command that sets the missing one. */
export function requireSecrets(secrets: Secrets): { readonly adminPassword: string; readonly secretKey: string } {
  const { adminPassword, secretKey } = secrets;
  if (adminPassword === undefined || adminPassword === "") throw missingSecret("AIRFLARE_ADMIN_PASSWORD");
  if (secretKey === undefined || secretKey === "") throw missingSecret("AIRFLARE_SECRET_KEY");
  return { adminPassword, secretKey };
}

function missingSecret(name: string): AirflareError {
  return new AirflareError(
    "not_configured",
    `The secret ${name} of this deployment is not set. Run \`npx wrangler secret put ${name}\`, or \`npm run deploy\`, which sets what is missing.`,
  );
}

/** A token for the user, or Airflow's 401. Takes the same time for an unknown user as for a wrong password. */
export async function login(secrets: Secrets, username: string, password: string, nowMs: number): Promise<string> {
  const { adminPassword, secretKey } = requireSecrets(secrets);
  const passwordFits = await sameText(password, adminPassword);
  const userFits = await sameText(username, ADMIN_USERNAME);
  if (!passwordFits || !userFits) throw new HttpDetailError(401, "Invalid credentials");
  const now = Math.floor(nowMs / 1000);
  const claims = {
    sub: ADMIN_USERNAME,
    role: "ADMIN",
    teams: [],
    jti: crypto.randomUUID(),
    aud: AUDIENCE,
    nbf: now,
    exp: now + TOKEN_SECONDS,
    iat: now,
  };
  return await sign(claims, await tokenKey(secretKey), ALGORITHM);
}

/** The caller of a request by its `Authorization` header. Throws Airflow's 401 without a token and 403 with a bad one. */
export async function authenticate(secrets: Secrets, header: string | undefined): Promise<Caller> {
  const { secretKey } = requireSecrets(secrets);
  const token = /^Bearer +(\S+)$/i.exec(header ?? "")?.[1];
  if (token === undefined) throw new HttpDetailError(401, "Not authenticated", { "www-authenticate": "Bearer" });
  const known = verified.get(token);
  if (known?.secretKey === secretKey && known.endsAt > Date.now()) return known.caller;
  let username: unknown;
  let endsAt = 0;
  try {
    const claims = await verify(token, await tokenKey(secretKey), { alg: ALGORITHM, aud: AUDIENCE });
    // A token without an end would be good for ever.
    username = typeof claims.exp === "number" ? claims.sub : undefined;
    endsAt = (claims.exp ?? 0) * 1_000;
  } catch (error) {
    throw badToken(error);
  }
  if (username !== ADMIN_USERNAME) throw badToken(undefined);
  const caller: Caller = { username, role: "admin" };
  if (verified.size >= VERIFIED_MAX) verified.clear();
  verified.set(token, { secretKey, endsAt, caller });
  return caller;
}

/** Tokens kept as verified. */
const VERIFIED_MAX = 1_000;

/** Tokens whose signature was found good: checking it again takes longer than the rest of a small request. Good until they end. */
const verified = new Map<string, { readonly secretKey: string; readonly endsAt: number; readonly caller: Caller }>();

/** Bad signature, expired, malformed, of an unknown user: one answer for all, so that nothing can be learnt from it. */
function badToken(cause: unknown): HttpDetailError {
  const error = new HttpDetailError(403, "Invalid JWT token");
  error.cause = cause;
  return error;
}

/** The key of the secret used last: a deployment has one, and deriving it takes longer than the rest of a small request. */
let lastKey: { readonly secretKey: string; readonly key: CryptoKey } | null = null;

async function tokenKey(secretKey: string): Promise<CryptoKey> {
  if (lastKey?.secretKey === secretKey) return lastKey.key;
  const key = await deriveTokenKey(secretKey);
  lastKey = { secretKey, key };
  return key;
}

/** Own key for tokens, so that the secret itself signs nothing. */
async function deriveTokenKey(secretKey: string): Promise<CryptoKey> {
  const bytes = new TextEncoder();
  const base = await crypto.subtle.importKey("raw", bytes.encode(secretKey), "HKDF", false, ["deriveBits"]);
  const how = { name: "HKDF", hash: "SHA-512", salt: bytes.encode("airflare"), info: bytes.encode("api-token") };
  const bits = await crypto.subtle.deriveBits(how, base, 512);
  return await crypto.subtle.importKey("raw", bits, { name: "HMAC", hash: "SHA-512" }, false, ["sign", "verify"]);
}

/** Compares in time that depends on neither text: both are hashed first, so lengths are equal. */
async function sameText(a: string, b: string): Promise<boolean> {
  const [left, right] = await Promise.all([sha256(a), sha256(b)]);
  let difference = 0;
  for (let at = 0; at < left.length; at++) difference |= (left[at] ?? 0) ^ (right[at] ?? 0);
  return difference === 0;
}

async function sha256(text: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
}
