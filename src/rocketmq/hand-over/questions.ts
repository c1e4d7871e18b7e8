/** What the baseline's side of a hand-over asks the brokers again and again. */
import { handOverLines } from '../../lines/hand-over';
import type { Driver } from './driver';
import { type Rounds, rounds } from './rounds';

/** How often it is asked who is there, what is written down, and for the queues of the topics, ms. */
const CANARIES_MS = 1_000;
const MARKERS_MS = 5_000;
const QUEUES_MS = 10_000;

export function askInRounds(driver: Driver): Rounds {
  const questions = [
    { every: CANARIES_MS, ask: () => askForCanaries(driver) },
    { every: MARKERS_MS, ask: () => askForMarkers(driver) },
    { every: QUEUES_MS, ask: () => askForQueues(driver) },
  ];
  const { clock, log, plan } = driver;
  return rounds(clock, questions, error =>
    log.say(handOverLines.notAnswered, { group: plan.baselineGroup, problem: error.message }),
  );
}

async function askForCanaries({ plan, source, subscriptions, knownTags, silence, log, tell }: Driver): Promise<void> {
  if (subscriptions.size === 0) return;
  const { tags, isComplete, about, problem } = await source.canaries([...subscriptions.keys()], knownTags);
  for (const tag of tags) knownTags.add(tag);
  if (problem !== undefined) log.say(handOverLines.partlyKnown, { group: plan.baselineGroup, problem });
  if (isComplete) silence.answered();
  else silence.unanswered(problem);
  tell({ type: 'canaries seen', tags, isComplete, about });
}

async function askForMarkers({ source, knownTags, tell }: Driver): Promise<void> {
  const markers = await source.readMarkers();
  if (markers === undefined) return;
  for (const { tag } of markers) knownTags.add(tag);
  tell({ type: 'markers read', markers });
}

async function askForQueues({ source, tell }: Driver): Promise<void> {
  const topics = await source.topicsWithNewQueues();
  if (topics.length > 0) tell({ type: 'queues changed', topics });
}
