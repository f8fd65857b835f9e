/**
 * @module A call in the simulation that did not come back: the caller cannot know whether it counted.
 */
export class CallLost extends Error {}
