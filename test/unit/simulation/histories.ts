/** What can happen to a fleet, for properties: values that shrink and can be read. */
import fc from 'fast-check';
import { DRAIN_MS, GIVE_UP_AFTER_MS } from '../../../src/rocketmq/hand-over/tag-life';
import { Fleet, type FleetOptions } from './fleet';
import type { Fault } from './network';
import { TOPIC } from './world';

export const TAGS = ['gray', 'blue'];
const FAULTS: readonly Fault[] = ['late', 'lost', 'unanswered', 'dropped', 'cut'];
const HOUR_MS = 3_600_000;

const tag = fc.constantFrom(...TAGS);
/** One of those that there are. */
const which = fc.nat(11);

/** What processes do, by themselves or by accident, in a network that is as it should be. */
const comings = [
  {
    weight: 4,
    arbitrary: fc.record({ what: fc.constant('send' as const), tag: fc.option(tag, { nil: undefined }), which }),
  },
  { weight: 3, arbitrary: fc.record({ what: fc.constant('start canary' as const), tag }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('stop canary' as const), which }) },
  { weight: 2, arbitrary: fc.record({ what: fc.constant('crash canary' as const), which }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('restart baseline' as const), which, isClean: fc.boolean() }) },
  {
    weight: 1,
    arbitrary: fc.record({
      what: fc.constant('die at command' as const),
      which,
      commands: fc.nat(25),
      isAfter: fc.boolean(),
    }),
  },
];

/** Canaries of other agents, which announce nothing. */
const others = [
  { weight: 3, arbitrary: fc.record({ what: fc.constant('start other' as const), tag }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('stop other' as const), which }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('crash other' as const), which }) },
];

/** What else goes wrong. */
const accidents = [
  {
    weight: 3,
    arbitrary: fc.record({
      what: fc.constant('fault' as const),
      kind: fc.constantFrom(...FAULTS),
      count: fc.integer({ min: 1, max: 8 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      what: fc.constant('restart server' as const),
      which,
      ms: fc.constantFrom(0, 500, 3_000, 8_000),
    }),
  },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('cut off' as const), which, server: which }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('heal' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({ what: fc.constant('freeze' as const), which, ms: fc.constantFrom(700, 3_000, 12_000) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      what: fc.constant('set clock' as const),
      which,
      ms: fc.constantFrom(-24 * HOUR_MS, -5_000, 5_000, 24 * HOUR_MS),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      what: fc.constant('skip' as const),
      ms: fc.constantFrom(60_000, DRAIN_MS, GIVE_UP_AFTER_MS),
    }),
  },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('grow' as const), which }) },
  {
    weight: 1,
    arbitrary: fc.record({ what: fc.constant('no stand-in' as const), count: fc.integer({ min: 1, max: 2 }) }),
  },
];

type Kind = (typeof comings)[number] | (typeof others)[number] | (typeof accidents)[number];
type Happening = Kind['arbitrary'] extends fc.Arbitrary<infer H> ? H : never;
/** Each with how long after the former one it happens, ms. */
export type History = readonly (readonly [number, Happening])[];

const after = fc.constantFrom(0, 20, 100, 300, 700, 1_000, 1_500, 3_000);
const history = (kinds: readonly Kind[]): fc.Arbitrary<History> =>
  fc.array(fc.tuple(after, fc.oneof(...(kinds as { weight: number; arbitrary: fc.Arbitrary<Happening> }[]))), {
    minLength: 1,
    maxLength: 25,
    size: 'max',
  });

export const orderly = history(comings);
export const anything = history([...comings, ...accidents]);
export const anythingBesideOthers = history([...comings, ...others, ...accidents]);

export async function play(options: FleetOptions, happenings: History): Promise<Fleet> {
  const fleet = new Fleet(options);
  for (const [ms, one] of happenings) {
    await fleet.pass(ms);
    happen(fleet, one);
    fleet.replaceDead();
  }
  return fleet;
}

function happen(fleet: Fleet, one: Happening): void {
  const process = 'which' in one ? pick(fleet.processes, one.which) : undefined;
  switch (one.what) {
    case 'send':
      fleet.send(one.tag, one.which);
      break;
    case 'start canary':
      fleet.startCanary(one.tag);
      break;
    case 'stop canary':
      for (const canary of pickAsList(fleet.canaries, one.which)) void fleet.stopCanary(canary);
      break;
    case 'crash canary':
      for (const canary of pickAsList(fleet.canaries, one.which)) fleet.crash(canary);
      break;
    case 'start other':
      fleet.startOther(one.tag);
      break;
    case 'stop other':
      for (const other of pickAsList(fleet.others, one.which)) fleet.stopOther(other);
      break;
    case 'crash other':
      for (const other of pickAsList(fleet.others, one.which)) fleet.crash(other);
      break;
    case 'restart baseline':
      for (const baseline of pickAsList(fleet.baselines, one.which)) {
        if (one.isClean) void fleet.closeBaseline(baseline);
        else fleet.crash(baseline);
        fleet.startBaseline();
      }
      break;
    case 'die at command':
      if (process) process.death = { commands: one.commands, isAfter: one.isAfter };
      break;
    case 'fault':
      for (let count = 0; count < one.count; count++) fleet.network.faults.push(one.kind);
      break;
    case 'restart server':
      fleet.restartServer(fleet.server(one.which), one.ms);
      break;
    case 'cut off':
      process?.unreachable.add(fleet.server(one.server).address);
      break;
    case 'heal':
      fleet.network.heal();
      break;
    case 'freeze':
      if (process) process.frozenUntil = fleet.time.now + one.ms;
      break;
    case 'set clock':
      if (process) process.clockOffset += one.ms;
      break;
    case 'skip':
      fleet.skip(one.ms);
      break;
    case 'grow':
      fleet.brokers[one.which % 2]?.addQueue(TOPIC, true);
      break;
    case 'no stand-in':
      fleet.standInFaults += one.count;
  }
}

function pick<T>(list: readonly T[], index: number): T | undefined {
  return list[index % Math.max(1, list.length)];
}

function pickAsList<T>(list: readonly T[], index: number): T[] {
  const item = pick(list, index);
  return item === undefined ? [] : [item];
}
