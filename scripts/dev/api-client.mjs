/**
 * @module The REST API as the local start uses it: one login, JSON in and out.
 */

/** Logs in with the local password; answers a function `(method, path, body)` that gives the JSON answer or throws what the API said. */
export async function logIn(url, username, password) {
  const call = async (token, method, path, body) => {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: { "content-type": "application/json", ...(token === null ? {} : { authorization: `Bearer ${token}` }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok)
      throw Object.assign(new Error(`${method} ${path} answered ${response.status}: ${text}`), {
        status: response.status,
      });
    return text === "" ? null : JSON.parse(text);
  };
  const { access_token: token } = await call(null, "POST", "/auth/token", { username, password });
  return (method, path, body) => call(token, method, path, body);
}
