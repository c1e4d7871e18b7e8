/** When a tag's marker is written anew: whoever hears of the tag tells those who would give it up. Pure. */

/** How often it is written down that a tag's messages still come (ms), by one of those who hear of it. */
export const REFRESH_MS = 60_000;
/** When it is due for those in a turn (ms): those who come later read meanwhile what the first have written. */
export const refreshAfter = (turn: number) => REFRESH_MS + Math.min(turn, LATEST_REFRESH_TURN) * REFRESH_IN_TURN_MS;
const REFRESH_IN_TURN_MS = 15_000;
/** The shortest retention is five minutes: nobody waits for half of it. */
const LATEST_REFRESH_TURN = 5;
