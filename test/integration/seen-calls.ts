/** What the test services that call over gRPC and HTTP/2 print, held against what they must have seen. */
import { expect } from 'vitest';

/** One request to the front, and what came of it. */
export interface SeenCall {
  /** The tag that the front was called with. */
  readonly tag: string | null;
  readonly kind: string;
  /** The baggage that the application itself sets on its call. */
  readonly own: string;
  /** By place, the active tags that were seen there: in the caller, and below in the service that it called. */
  readonly places: Readonly<Record<string, readonly (string | null)[]>>;
  readonly result: {
    readonly places?: Readonly<Record<string, readonly (string | null)[]>>;
    /** Lines of the headers that carry tags, as the called service got them; `wires`: of each attempt. */
    readonly wire?: readonly string[];
    readonly wires?: readonly (readonly string[])[];
    /** The same of the third service, and the baggage that the application sets on that call. */
    readonly onward?: readonly string[];
    readonly ownOnward?: string;
  };
  readonly error?: string;
}

export interface Expected {
  /** False: run without the agent. */
  readonly agent: boolean;
  /** `GRAY_TAG`. */
  readonly instance?: string;
  /** `GRAY_INBOUND=ignore`. */
  readonly ignore?: true;
  /** `GRAY_INTEROP=mse`. */
  readonly mse?: true;
}

const tagIn = (baggage: string) => /gray_tag=([\w-]+)/.exec(baggage)?.[1];

/** The header lines of a call that is made in a flow of the tag `active`. */
function lines(active: string | null, own: string, { agent, instance, ignore, mse }: Expected): string[] {
  if (!agent) return own === '' ? [] : [`baggage: ${own}`];
  const tag = active ?? instance;
  const others = own
    .split(',')
    .filter(member => member !== '' && (!member.startsWith('gray_tag=') || !(tag || ignore)));
  const withMse = mse && tag !== undefined && tag !== 'base';
  const ours = tag === undefined ? [] : [`gray_tag=${tag}`];
  if (withMse) ours.push(`__microservice_tag__=%5B%7B%22name%22%3A%22${tag}%22%7D%5D`);
  const baggage = [...ours, ...others].join(',');
  return [...(baggage === '' ? [] : [`baggage: ${baggage}`]), ...(withMse ? [`x-mse-tag: ${tag}`] : [])];
}

/** The kinds of calls that were made, without error. @throws when anything was seen wrongly. */
export function expectPropagated(calls: readonly SeenCall[], expected: Expected): string[] {
  const wrong: unknown[] = [];
  const hold = (call: SeenCall, place: string, got: unknown, wanted: unknown) => {
    if (JSON.stringify(got) !== JSON.stringify(wanted))
      wrong.push({ kind: call.kind, tag: call.tag, place, got, wanted });
  };
  const { agent, ignore } = expected;
  for (const call of calls) {
    if (call.error !== undefined) continue;
    const active = agent && !ignore ? call.tag : null;
    const carried = lines(active, call.own, expected);
    const activeInCalled = agent && !ignore ? (tagIn(carried.join()) ?? null) : null;
    for (const [place, seen] of Object.entries(call.places)) {
      hold(
        call,
        place,
        seen,
        seen.map(() => active),
      );
    }
    const { places = {}, wire, wires = [], onward, ownOnward = '' } = call.result;
    for (const [place, seen] of Object.entries(places)) {
      hold(
        call,
        place,
        seen,
        seen.map(() => activeInCalled),
      );
    }
    for (const got of wire === undefined ? wires : [wire]) hold(call, 'wire', got.toSorted(), carried);
    if (onward !== undefined) hold(call, 'onward', onward.toSorted(), lines(activeInCalled, ownOnward, expected));
  }
  // The first few say enough.
  expect(wrong.slice(0, 5)).toEqual([]);
  return [...new Set(calls.filter(({ error }) => error === undefined).map(({ kind }) => kind))].sort();
}
