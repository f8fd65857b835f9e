/**
 * @module Files that a test imports as their text.
 */
declare module "*?raw" {
  const text: string;
  export default text;
}
