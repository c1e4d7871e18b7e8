/**
 * The source of a hand-over where only a proxy can be reached: who is connected in a canary's group. Nothing can be written
 * down, offsets cannot be asked for, and a crash is seen when the brokers notice it, after 120 s. So only tags that are
 * declared are managed, and each only after its group has been polled for a while: what is polled has offsets.
 */

import type { TlsMode } from '../../config/settings';
import type { Credentials } from '../../names/credentials';
import { canaryGroup } from '../plan/group-name';
import { type Announcement, sharedPresence } from '../presence/presence';
import { type Runtime, systemRuntime } from '../remoting/runtime';
import type { HandOverSource } from './source';
import type { SteeredConsumer } from './steered-consumer';

/** Longer than a poll takes, ms: whoever is connected for so long has asked for every queue. */
const JOINED_MS = 40_000;

const NOBODY = { id: '', host: '' };
const NOT_ANNOUNCED: Announcement = { refusal: undefined, withdraw: async () => {} };

export interface Proxy {
  /** `host:port` of its remoting endpoint; of several, `host:port;host:port`. */
  readonly proxyRemoting: string;
  readonly credentials: Credentials | undefined;
  readonly tls?: TlsMode | undefined;
}

export function proxySource(
  { baselineGroup: group }: Pick<SteeredConsumer, 'baselineGroup'>,
  proxy: Proxy,
  runtime: Runtime = systemRuntime,
): HandOverSource {
  const { now } = runtime.clock;
  const presence = sharedPresence(proxy, runtime);
  /** Since when each tag's group has had a member. */
  const joined = new Map<string, number>();

  return {
    offsetsNeedPolling: true,
    async canaries(topics, tags) {
      const seen = await presence.canaries(group, topics, tags);
      for (const tag of tags) {
        const standIns = await presence.standIns(canaryGroup(group, tag), topics);
        if (seen.tags.has(tag) || (standIns?.size ?? 0) > 0) joined.set(tag, joined.get(tag) ?? now());
        else if (standIns !== undefined) joined.delete(tag);
      }
      return { ...seen, withoutAgent: new Set() };
    },
    readMarkers: async () => [],
    writeMarker: async () => {},
    hasOffsets: async () => false,
    async ensureOffsets(tag, topics) {
      const since = joined.get(tag);
      return since !== undefined && now() - since >= JOINED_MS ? topics : [];
    },
    changedQueues: async () => ({ topics: [], grown: [] }),
    forgetTopic: () => {},
    // Declared tags are not given up.
    untilDrained: async () => undefined,
    retriesSoFar: async () => undefined,
    standIns: (tag, topics) => presence.standIns(canaryGroup(group, tag), topics),
    isStuck: async () => false,
    // Nobody announces himself.
    peers: async () => ({ own: NOBODY, peers: undefined }),
    readSubscriptions: async () => undefined,
    writeSubscriptions: async () => {},
    announceBeside: async () => NOT_ANNOUNCED,
    announceStandIn: async () => NOT_ANNOUNCED,
    announceDeclared: async () => NOT_ANNOUNCED,
    announceBaseline: async () => NOT_ANNOUNCED,
    close: () => presence.close(),
  };
}
