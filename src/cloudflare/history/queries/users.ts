/**
 * @module Users and their API tokens, as authentication looks them up.
 */
import { withHistory } from "../history-error.ts";

export interface UserRow {
  readonly user_id: string;
  readonly username: string;
  /** `pbkdf2-sha256$<rounds>$<salt>$<hash>`; null = no login by password. */
  readonly password_hash: string | null;
  readonly role: string;
  readonly is_active: number;
  readonly created_at: number;
}

export interface ApiTokenRow {
  readonly token_id: string;
  readonly user_id: string;
  readonly username: string;
  readonly name: string;
  readonly prefix: string;
  readonly role: string;
  readonly created_at: number;
  readonly expires_at: number | null;
  readonly last_used_at: number | null;
  readonly revoked_at: number | null;
}

const TOKEN_COLUMNS =
  "t.token_id, t.user_id, u.username, t.name, t.prefix, t.role, t.created_at, t.expires_at, t.last_used_at, t.revoked_at";

export function findUser(db: D1Database, username: string): Promise<UserRow | null> {
  return withHistory(() => db.prepare(`SELECT * FROM "user" WHERE username = ?`).bind(username).first<UserRow>());
}

/** Creates a user, or changes password, role and active flag of the one with this name. */
export async function putUser(db: D1Database, user: UserRow): Promise<void> {
  const sql = `INSERT INTO "user" (user_id, username, password_hash, role, is_active, created_at) VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT (username) DO UPDATE SET password_hash = excluded.password_hash, role = excluded.role, is_active = excluded.is_active`;
  const values = [user.user_id, user.username, user.password_hash, user.role, user.is_active, user.created_at];
  await withHistory(() =>
    db
      .prepare(sql)
      .bind(...values)
      .run(),
  );
}

/** By hex sha256 of the whole token. Expired and revoked ones are found too: the caller judges. Tokens of inactive users are not. */
export function findApiToken(db: D1Database, tokenHash: string): Promise<ApiTokenRow | null> {
  const sql = `SELECT ${TOKEN_COLUMNS} FROM api_token t JOIN "user" u ON u.user_id = t.user_id WHERE t.token_hash = ? AND u.is_active = 1`;
  return withHistory(() => db.prepare(sql).bind(tokenHash).first<ApiTokenRow>());
}

export async function insertApiToken(
  db: D1Database,
  token: Omit<ApiTokenRow, "username" | "last_used_at" | "revoked_at"> & { readonly token_hash: string },
): Promise<void> {
  const sql =
    "INSERT INTO api_token (token_id, user_id, name, prefix, token_hash, role, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
  const { token_id, user_id, name, prefix, token_hash, role, created_at, expires_at } = token;
  const values = [token_id, user_id, name, prefix, token_hash, role, created_at, expires_at];
  await withHistory(() =>
    db
      .prepare(sql)
      .bind(...values)
      .run(),
  );
}
