/** How the Java agent's fleet (MSE) writes a tag into baggage and RPC attachments: `[{"name":"gray"}]`, under one name. */
import { isTag } from './tag';

export const MSE_NAME = '__microservice_tag__';

export function writeMseTag(tag: string): string {
  return JSON.stringify([{ name: tag }]);
}

/** The tag that such a JSON text names, if it is a well-formed one. */
export function readMseTag(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  try {
    const parsed: unknown = JSON.parse(text);
    const first: unknown = Array.isArray(parsed) ? parsed[0] : undefined;
    const name = typeof first === 'object' && first !== null ? (first as { name?: unknown }).name : undefined;
    return isTag(name) ? name : undefined;
  } catch {
    return undefined;
  }
}
