/** What the baseline's side of a hand-over asks the brokers again and again. */
import { handOverLines } from '../../lines/hand-over';
import { tellSubscriptions } from './canary-subscriptions';
import type { Driver } from './driver';
import { type Rounds, rounds } from './rounds';

/** How often it is asked who is there, what is written down, and for the queues of the topics, ms. */
const CANARIES_MS = 1_000;
const MARKERS_MS = 5_000;
const QUEUES_MS = 10_000;
/** How often what canaries subscribe to is read while one is there, ms. */
const SUBSCRIPTIONS_MS = 2_000;

export function askInRounds(driver: Driver): Rounds {
  const questions = [
    { every: CANARIES_MS, ask: () => askForCanaries(driver) },
    { every: MARKERS_MS, ask: () => askForMarkers(driver) },
    { every: SUBSCRIPTIONS_MS, ask: () => askForSubscriptions(driver) },
    { every: QUEUES_MS, ask: () => askForQueues(driver) },
  ];
  const { clock, log, plan } = driver;
  return rounds(clock, questions, error =>
    log.say(handOverLines.notAnswered, { group: plan.baselineGroup, problem: error.message }),
  );
}

async function askForCanaries(driver: Driver): Promise<void> {
  const { plan, source, subscriptions, knownTags, silence, log, tell } = driver;
  if (subscriptions.size === 0) return;
  const topics = [...subscriptions.keys()];
  const [peers, { tags, withoutAgent, isComplete, about, problem }] = await Promise.all([
    source.peers(topics),
    source.canaries(topics, knownTags),
  ]);
  // First: whoever is not among those who stand in does not begin to.
  if (peers !== undefined) tell({ type: 'peers seen', ...peers });
  for (const tag of tags) knownTags.add(tag);
  if (problem !== undefined) log.say(handOverLines.partlyKnown, { group: plan.baselineGroup, problem });
  if (isComplete) silence.answered();
  else silence.unanswered(problem);
  // What those who came subscribe to is written down by now: it is known with them, not some seconds later.
  const isNews = [...tags].some(tag => !driver.present.has(tag));
  driver.present = tags;
  for (const tag of withoutAgent) {
    if (!driver.withoutAgent.has(tag)) log.say(handOverLines.withoutAgent, { canaryGroup: driver.groupOf(tag), tag });
  }
  driver.withoutAgent = withoutAgent;
  const tellAgain = isNews ? await tellSubscriptions(driver) : undefined;
  tell({ type: 'canaries seen', tags, withoutAgent, isComplete, about });
  // Of a tag that was not known before.
  tellAgain?.();
}

async function askForMarkers(driver: Driver): Promise<void> {
  const { source, knownTags, tell } = driver;
  const markers = await source.readMarkers();
  if (markers === undefined) return;
  for (const { tag } of markers) knownTags.add(tag);
  tell({ type: 'markers read', markers });
  await tellSubscriptions(driver);
}

async function askForSubscriptions(driver: Driver): Promise<void> {
  if (driver.present.size > 0) await tellSubscriptions(driver);
}

async function askForQueues({ source, tell }: Driver): Promise<void> {
  const changed = await source.changedQueues();
  if (changed.topics.length > 0) tell({ type: 'queues changed', ...changed });
}
