/** Tells the core of a hand-over what canaries subscribe to, as it is written down. */
import { coversShared } from '../plan/division';
import type { Subscription } from '../plan/subscription';
import type { HandOverEvent } from './events';
import type { HandOverSource } from './source';

interface Means {
  readonly source: Pick<HandOverSource, 'readSubscriptions'>;
  readonly subscriptions: ReadonlyMap<string, Subscription>;
  readonly tell: (event: HandOverEvent) => void;
}

/** A stand-in that is about to start. */
interface Starting {
  readonly tag: string;
  readonly topics: readonly string[];
  readonly isBeside: boolean;
}

/**
 * Reads what canaries subscribe to. Where nobody answers, what was known before holds. Never rejects.
 *
 * @returns whether `starting` may consume as far as is written down: it would take nothing from a canary, and pass over nothing
 */
export async function tellSubscriptions({ source, subscriptions, tell }: Means, starting?: Starting): Promise<boolean> {
  const written = await source.readSubscriptions();
  let mayStart = true;
  for (const [tag, its] of written?.canaries ?? []) {
    const wider = [...subscriptions.values()].flatMap(({ topic, filter }) => {
      const asked = its.get(topic);
      return asked === undefined || coversShared(filter, asked) ? [] : [topic];
    });
    tell({ type: 'subscription read', tag, topics: [...its.keys()], wider });
    if (tag !== starting?.tag) continue;
    const isForbidden = (topic: string) => wider.includes(topic) || (starting.isBeside && its.has(topic));
    if (starting.topics.some(isForbidden)) mayStart = false;
  }
  return mayStart;
}
