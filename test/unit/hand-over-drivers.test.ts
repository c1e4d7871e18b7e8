/** Presence, arrival and hand-over against brokers, a network and clocks that are simulated: see `simulation/fleet.ts`. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Phase, TagReport } from '../../src/rocketmq/hand-over/hand-over';
import { GET_CONSUMER_CONNECTION_LIST, QUERY_TOPIC_CONSUME_BY_WHO } from '../../src/rocketmq/remoting/codes';
import { propertyRuns } from './property-runs';
import { Fleet, type FleetOptions } from './simulation/fleet';
import { anything, anythingBesideOthers, type History, orderly, play, TAGS } from './simulation/histories';
import { TOPIC } from './simulation/world';

const declared = fc.subarray(['gray']);
const settings = fc.record({ seed: fc.nat(), declared });

/**
 * A canary that the baseline can know of. Where nobody may ask who announced himself, one whose marker no name server took is
 * seen by nobody: it and the baseline take its messages both.
 */
function isSeen(fleet: Fleet, tag: string): boolean {
  if (fleet.others.some(other => other.tag === tag)) return true;
  const isPresent = fleet.canaries.some(canary => canary.tag === tag);
  return isPresent && (fleet.mayAsk || fleet.isMarked(tag) || fleet.reports(tag).length > 0);
}

const isNone = (standIn: TagReport['standIn']) => standIn === 'none' || standIn === 'left to others';

/** The processes of the baseline agree on who is there, and do what follows from it. */
function isSettled(fleet: Fleet, tag: string): boolean {
  const reports = fleet.reports(tag);
  const isPresent = isSeen(fleet, tag);
  if ((isPresent || fleet.isMarked(tag)) && reports.length < fleet.baselines.length) return false;
  const isEach = reports.every(({ phase, canary, standIn, leftOut }) => {
    if (isPresent) return phase === 'managed' && canary === 'present' && isNone(standIn) && leftOut.length > 0;
    if (canary !== 'absent') return false;
    if (phase === 'retired') return isNone(standIn);
    const isStoodIn = standIn === 'running' || standIn === 'left to others';
    return isStoodIn && (phase === 'draining' || leftOut.length > 0);
  });
  const standing = reports.filter(({ standIn }) => standIn === 'running').length;
  const wanting = reports.filter(({ phase }) => phase !== 'retired').length;
  return isEach && (isPresent || standing >= Math.min(1, wanting));
}

/** Left alone, each message has a taker: the canary, else a stand-in, else the baseline. */
async function expectOrder(fleet: Fleet): Promise<void> {
  fleet.calm();
  await fleet.until('processes are up', () =>
    [...fleet.baselines.map(({ main }) => main), ...fleet.canaries.map(({ consumer }) => consumer)].every(Boolean),
  );
  const areSettled = () => TAGS.every(tag => isSettled(fleet, tag));
  await fleet.until('nothing is left over', () => fleet.unhandled().length === 0);
  // For longer than a poll with a former filter is under way. A queue that was added is noticed within ten seconds, and until it
  // has an offset, which may take five more, the baseline takes the topic's messages as well.
  const hasGrown = fleet.brokers.some(broker => broker.queuesOf(TOPIC).length > 1);
  await fleet.untilStays('everybody knows who is there', areSettled, hasGrown ? 16_000 : 4_500);
  const before = TAGS.map(tag => fleet.reports(tag));
  const taken = await fleet.takers([...TAGS, undefined]);
  for (const [index, tag] of TAGS.entries()) {
    const phases = [...(before[index] ?? []), ...fleet.reports(tag)].map(({ phase }) => phase);
    const isEach = (phase: Phase) => phases.every(other => other === phase);
    if (isSeen(fleet, tag)) expect([tag, taken[index]]).toEqual([tag, ['canary']]);
    else if (fleet.canaries.some(canary => canary.tag === tag)) expect(taken[index]).toEqual(['baseline', 'canary']);
    else if (isEach('retired')) expect([tag, taken[index]]).toEqual([tag, ['baseline']]);
    else if (isEach('managed')) expect([tag, taken[index]]).toEqual([tag, ['stand-in']]);
    // While it drains, what comes is taken by both.
    else expect(taken[index]).not.toContain('canary');
  }
  expect(taken.at(-1)).toEqual(['baseline']);
}

interface Settings extends FleetOptions {
  readonly seed: number;
  readonly declared: string[];
}

async function check(settings: Settings, history: History): Promise<Fleet> {
  const fleet = await play(settings, history);
  await expectOrder(fleet);
  expect(fleet.unhandled()).toEqual([]);
  expect(fleet.handled.filter(({ tag, by }) => tag === undefined && by !== 'baseline')).toEqual([]);
  return fleet;
}

/** Histories of each property. `PROPERTY_RUNS=60` hunts for some minutes. */
const RUNS = propertyRuns(300);
const PATIENCE = { timeout: 60_000 + 400 * RUNS };

describe('hand-over, with what drives it, in any order of events', () => {
  it('loses nothing, whatever goes wrong, and is in order when that is over', PATIENCE, async () => {
    const property = fc.asyncProperty(settings, anything, async (options, history) => {
      await check(options, history);
    });
    await fc.assert(property, { numRuns: RUNS });
  });

  it('never has a canary and a stand-in in one group, where the network is as it should be', PATIENCE, async () => {
    const property = fc.asyncProperty(settings, orderly, async (options, history) => {
      const fleet = await check(options, history);
      expect(fleet.overlaps).toBe(0);
    });
    await fc.assert(property, { numRuns: RUNS });
  });

  it('loses nothing, and is in order in the end, beside canaries of other agents', PATIENCE, async () => {
    const property = fc.asyncProperty(settings, anythingBesideOthers, async (options, history) => {
      await check(options, history);
    });
    await fc.assert(property, { numRuns: RUNS / 2 });
  });

  it('loses nothing where standing in is shared out, and as many stand in then as are wanted', PATIENCE, async () => {
    const shared = fc.record({
      seed: fc.nat(),
      declared,
      mostStandIns: fc.integer({ min: 1, max: 2 }),
      baselines: fc.integer({ min: 1, max: 4 }),
    });
    const property = fc.asyncProperty(shared, anything, async (options, history) => {
      const fleet = await check(options, history);
      const most = Math.min(options.mostStandIns, options.baselines);
      const isShared = () =>
        TAGS.every(tag => {
          const standing = fleet.reports(tag).filter(({ standIn }) => standIn === 'running').length;
          return standing === 0 || standing === most;
        });
      await fleet.until('those who helped have left', isShared, 240_000);
    });
    await fc.assert(property, { numRuns: RUNS });
  });

  it('asks for canaries of other agents every 3 s, whatever the traffic', async () => {
    const askedInAMinute = async (messagesASecond: number) => {
      const fleet = new Fleet({ seed: 1, baselines: 1 });
      fleet.startOther('gray');
      await fleet.until('it is seen', () => fleet.reports('gray').some(({ canaryHasAgent }) => !canaryHasAgent));
      await fleet.pass(10_000);
      const { commands } = fleet.brokers[0];
      const before = commands.length;
      for (let second = 0; second < 60; second++) {
        for (let index = 0; index < messagesASecond; index++) fleet.send(index % 2 === 0 ? 'gray' : undefined, index);
        await fleet.pass(1_000);
      }
      const asked = [QUERY_TOPIC_CONSUME_BY_WHO, GET_CONSUMER_CONNECTION_LIST];
      return asked.map(code => commands.slice(before).filter(other => other === code).length);
    };
    const quiet = await askedInAMinute(0);
    expect(quiet.map(count => count >= 15 && count <= 20)).toEqual([true, true]);
    expect(await askedInAMinute(50)).toEqual(quiet);
  });

  it('loses nothing where the account may not ask who announced himself', PATIENCE, async () => {
    const property = fc.asyncProperty(settings, anything, async (options, history) => {
      await check({ ...options, mayAsk: false }, history);
    });
    await fc.assert(property, { numRuns: RUNS / 2 });
  });
});
