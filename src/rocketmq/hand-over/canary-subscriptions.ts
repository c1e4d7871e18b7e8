/** Tells the core of a hand-over what canaries subscribe to, as it is written down. Where nobody answers, what was known before holds. */
import { type CanaryTopics, coversShared } from '../plan/division';
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

/** Reads what canaries subscribe to, and tells it. Never rejects. @returns tells the same again */
export async function tellSubscriptions(means: Means): Promise<() => void> {
  const canaries = await readCanaries(means);
  const tellAll = () => {
    for (const [tag, its] of canaries) tellOne(means, tag, its);
  };
  tellAll();
  return tellAll;
}

/**
 * Reads what the canary of a stand-in that is about to start subscribes to, and tells it.
 *
 * @returns whether it may consume as far as is written down: it would take nothing from a canary, and pass over nothing. Where
 *   nobody answers, it may. Never rejects
 */
export async function mayConsume(means: Means, { tag, topics, isBeside }: Starting): Promise<boolean> {
  const its = (await readCanaries(means)).get(tag);
  if (its === undefined) return true;
  const wider = tellOne(means, tag, its);
  return !topics.some(topic => wider.includes(topic) || (isBeside && its.has(topic)));
}

async function readCanaries({ source }: Means): Promise<ReadonlyMap<string, CanaryTopics>> {
  return (await source.readSubscriptions())?.canaries ?? new Map();
}

/** @returns the topics in which a stand-in would pass over messages that only the canary wants */
function tellOne({ subscriptions, tell }: Means, tag: string, its: CanaryTopics): readonly string[] {
  const wider = [...subscriptions.values()].flatMap(({ topic, filter }) => {
    const asked = its.get(topic);
    return asked === undefined || coversShared(filter, asked) ? [] : [topic];
  });
  tell({ type: 'subscription read', tag, topics: [...its.keys()], wider });
  return wider;
}
