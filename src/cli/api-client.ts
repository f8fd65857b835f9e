/**
 * @module The REST API as the CLI uses it: JSON in and out, what the API says as error message.
 */

export type ApiClient = (method: "GET" | "POST" | "PATCH" | "DELETE", path: string, body?: unknown) => Promise<unknown>;

/** `AIRFLARE_URL` of a start on this machine. */
const URL_DEFAULT = "http://127.0.0.1:8080";

/** Reads `AIRFLARE_URL` and `AIRFLARE_TOKEN` at the first call, so that commands without the API need neither. */
export function createApiClient(env: Readonly<Record<string, string | undefined>>): ApiClient {
  const url = (env["AIRFLARE_URL"] ?? URL_DEFAULT).replace(/\/+$/, "");
  return async (method, path, body) => {
    const token = env["AIRFLARE_TOKEN"];
    if (token === undefined || token === "") {
      throw new Error(
        `AIRFLARE_TOKEN is not set: POST ${url}/auth/token with {"username":"admin","password":...} gives one`,
      );
    }
    const response = await fetch(`${url}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }).catch((error: unknown) => {
      throw new Error(`nothing answers at ${url}: is it running, and is AIRFLARE_URL right?`, { cause: error });
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${detailOf(text)}`);
    return text === "" ? null : (JSON.parse(text) as unknown);
  };
}

/** The API's `detail`, or the whole answer when it is not the API's. */
function detailOf(text: string): string {
  try {
    const { detail } = JSON.parse(text) as { detail?: unknown };
    return typeof detail === "string" ? detail : JSON.stringify(detail ?? text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return text.slice(0, 200);
  }
}
