/** Tells the core of a hand-over what canaries subscribe to, as it is written down. Where nobody answers, what was known before holds. */
import { type CanaryTopics, coversShared } from '../plan/division';
import type { Subscription } from '../plan/subscription';
import type { HandOverEvent } from './events';
import type { HandOver } from './hand-over';
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

/** To whom much is told again and again. */
interface ToldMeans extends Means {
  readonly core: Pick<HandOver, 'knows'>;
  /** What was told last, by tag. */
  readonly told: Map<string, CanaryTopics>;
}

/**
 * Reads what canaries subscribe to, and tells what is new. Never rejects.
 *
 * @returns tells it again, for tags that were not known
 */
export async function tellSubscriptions(means: ToldMeans): Promise<() => void> {
  const { core, told } = means;
  const canaries = await readCanaries(means);
  const tellNew = () => {
    for (const [tag, its] of canaries) {
      // Hundreds of canaries that were there once subscribe to what they did.
      if (told.get(tag) === its) continue;
      tellOne(means, tag, its);
      if (core.knows(tag)) told.set(tag, its);
    }
  };
  tellNew();
  return tellNew;
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
