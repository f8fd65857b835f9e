/**
 * @module The context an author's function receives as second argument. Written out with the authoring API.
 */
export interface Context {
  readonly env: unknown;
}
export interface CallbackContext extends Context {
  readonly exception?: Error;
  readonly reason?: string;
}
