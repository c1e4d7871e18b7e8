import type { Call } from './library';

/** The outgoing tag of each call that has one. */
export const callTags = new WeakMap<Call, string>();
