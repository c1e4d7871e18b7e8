/**
 * A message that RocketMQ refuses since its properties are too many or too long with the tag, and not without it.
 *
 * The tag is all that the agent adds. Without it the message would be the baseline's, so it is not sent without: the
 * application gets the error, as for any message that is refused.
 */
import type { Agent } from '../agent/agent';
import { messageLines } from '../lines/messages';

export interface RefusedMessage {
  readonly topic: string;
  readonly tag: string;
  /** The server's own words. */
  readonly words: string;
  /** What would let it through, beside fewer properties. */
  readonly remedy?: string;
}

/** Says it at error level, once for a topic. */
export function sayTagRefused({ log }: Pick<Agent, 'log'>, { topic, tag, words, remedy }: RefusedMessage): void {
  const orElse = remedy === undefined ? '' : `, or ${remedy}`;
  log.say(messageLines.tagRefused, { topic, tag, problem: words, orElse });
}

/** Whether the tag alone makes the properties of a message too many or too long, by the proxy's words for it. */
export function isForTag(words: string, properties: ReadonlyMap<string, string>): boolean {
  const [, most] = /max is (\d+)/.exec(words) ?? [];
  if (most === undefined) return true;
  const isNumber = words.includes('too many');
  const own = isNumber
    ? properties.size
    : [...properties].reduce((sum, [key, value]) => sum + bytes(key) + bytes(value), 0);
  return own <= Number(most);
}

/** Of a message as clients of the remoting protocol send its properties: `key \x01 value \x02 …`. */
export function propertyBytes(properties: Readonly<Record<string, unknown>>): number {
  return Object.entries(properties).reduce((sum, [key, value]) => sum + bytes(key) + bytes(String(value)) + 2, 0);
}

function bytes(text: string): number {
  return Buffer.byteLength(text);
}
