/** Carries out what the core of a hand-over wants done, and tells it what came of it. */
import { handOverLines } from '../../lines/hand-over';
import { durationText } from '../../names/duration';
import { hintOf, isUnanswered } from '../administration/canary-group-error';
import { PausedGroupError } from '../administration/paused-group';
import type { Driver } from './driver';
import type { HandOverAction } from './events';
import { sayFact } from './say-fact';

/** Between the beginnings of looks after others, ms: with hundreds of tags these would be most of what brokers are asked. */
const BETWEEN_LOOKS_MS = 200;

export function carryOut(driver: Driver, action: HandOverAction): void {
  const { plan, source, standIns, log, onTag } = driver;
  switch (action.type) {
    case 'say':
      sayFact(action.fact, plan.baselineGroup, driver.groupOf, log);
      return;
    case 'say what is dropped':
      void sayDropped(driver, action);
      return;
    case 'exclude tags':
      plan.excludeTags(action.topic, action.tags);
      for (const tag of action.tags) onTag(tag);
      return;
    case 'ensure offsets':
      void ensureOffsets(driver, action);
      return;
    case 'write marker':
      void source.writeMarker(action.marker);
      return;
    case 'tell when drained':
      void tellWhenDrained(driver, action);
      return;
    case 'look at stand-ins':
      void lookAtStandIns(driver, action);
      return;
    case 'start stand-in':
      onTag(action.tag);
      standIns.start(action.tag, action.topics, action.isBeside);
      return;
    case 'end stand-in':
      standIns.end(action.tag);
      return;
    case 'subscribe stand-in':
      standIns.subscribe(action.tag, action.topic);
      return;
    case 'unsubscribe stand-in':
      standIns.unsubscribe(action.tag, action.topic);
  }
}

async function ensureOffsets(
  { source, groupOf, log, tell }: Driver,
  { tag, topics: asked, isDeclared, isHeld }: Extract<HandOverAction, { type: 'ensure offsets' }>,
): Promise<void> {
  let topics: readonly string[] | undefined;
  try {
    // As a rule a broker that is back has lost nothing, and all tags are asked about at once.
    const isKept = isHeld && (await source.hasOffsets(tag, asked));
    topics = isKept ? asked : await source.ensureOffsets(tag, asked, isDeclared);
  } catch (error) {
    if (!isUnanswered(error)) topics = [];
    // What it had is not gone because nobody tells.
    if (topics === undefined && isHeld) return tell({ type: 'offsets ensured', tag, asked, topics });
    const problem = hintOf(error);
    const line = error instanceof PausedGroupError ? handOverLines.takenWhilePaused : handOverLines.offsetsNotEnsured;
    log.say(line, { tag, canaryGroup: groupOf(tag), problem });
  }
  tell({ type: 'offsets ensured', tag, asked, topics });
}

async function lookAtStandIns(
  { source, looks, clock, isOver, tell }: Driver,
  { tag, id, topics }: Extract<HandOverAction, { type: 'look at stand-ins' }>,
): Promise<void> {
  await looks.take('look', () => clock.sleep(BETWEEN_LOOKS_MS));
  if (isOver()) return;
  const [standing, isStuck] = await Promise.all([source.standIns(tag, topics), source.isStuck(tag, topics)]);
  tell({ type: 'stand-ins looked at', tag, id, standing: standing && [...standing], isStuck });
}

async function tellWhenDrained(
  { source, isOver, tell }: Driver,
  { tag, id, topics }: Extract<HandOverAction, { type: 'tell when drained' }>,
): Promise<void> {
  const isDeclaredElsewhere = await source.untilDrained(tag, topics, isOver);
  if (isDeclaredElsewhere !== undefined) tell({ type: 'drained', tag, id, isDeclaredElsewhere });
}

/** A group in which nothing ever failed has nothing that could come back to it. */
async function sayDropped(
  { source, subscriptions, groupOf, log }: Driver,
  { tag, retentionMs }: Extract<HandOverAction, { type: 'say what is dropped' }>,
): Promise<void> {
  const failures = await source.retriesSoFar(tag, [...subscriptions.keys()]);
  if (failures === 0) return;
  const after = durationText(retentionMs);
  const soFar =
    failures === undefined ? 'how many came back to it so far is not known' : `${failures} came back to it so far`;
  log.say(handOverLines.retriesDropped, { canaryGroup: groupOf(tag), tag, after, soFar });
}
