/** What an application asks for when it subscribes. */
import type { FilterExpression } from './filter-expression';

/** One topic, as the application wrote it. */
export interface Subscription {
  readonly topic: string;
  readonly filter: FilterExpression;
}

/**
 * Where a consumer's client begins a queue on which its group has no offset: at the first message, or at the first one since
 * a time (ms since 1970).
 */
export type Beginning = 'first' | { readonly since: number };
