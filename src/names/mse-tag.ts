/** How the Java agent's fleet (MSE) writes a tag into baggage and RPC attachments: `[{"name":"gray"}]`, under one name. */
import { isTag } from './tag';

export const MSE_NAME = '__microservice_tag__';

export function writeMseTag(tag: string): string {
  return JSON.stringify([{ name: tag }]);
}

/** The tag that such a JSON text names, if it is a well-formed one. */
export function readMseTag(text: string | undefined): string | undefined {
  // Stryker disable next-line ConditionalExpression: without it JSON.parse throws, with the same end; most requests have none
  if (text === undefined) return undefined;
  try {
    const parsed: unknown = JSON.parse(text);
    const [first] = Array.isArray(parsed)
      ? (parsed as readonly ({ readonly name?: unknown } | null | undefined)[])
      : [];
    return isTag(first?.name) ? first.name : undefined;
  } catch {
    // No JSON: it names none.
  }
  return undefined;
}
