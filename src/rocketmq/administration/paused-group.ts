/** Groups that somebody switched off: their brokers refuse whoever consumes in them (`consumeEnable=false`). */
import type { Broker } from './broker';
import type { GroupSettings } from './groups';
import { createGroupCommand } from './mqadmin-command';

/** A group on a broker, where it may not consume. */
export interface PausedGroup {
  readonly broker: Broker;
  readonly settings: GroupSettings;
}

/** What would be left to the group waits. The message is {@link pausedHint}. */
export class PausedGroupError extends Error {
  override readonly name = 'PausedGroupError';
}

export function isPaused({ consumeEnable }: GroupSettings): boolean {
  return consumeEnable === false;
}

/**
 * The settings of a group without what is a switch of the moment: a group that is made from them may consume.
 *
 * Of SubscriptionGroupConfig (5.5.0) that is `consumeEnable` alone. `consumeBroadcastEnable` is a permission,
 * `consumeFromMinEnable` and `notifyConsumerIdsChangedEnable` are how a group works; `brokerId` and
 * `whichBrokerWhenConsumeSlowly` say from which replica it reads, and a group reads from the others when that is gone.
 */
export function lastingSettings(settings: GroupSettings): GroupSettings {
  return isPaused(settings) ? { ...settings, consumeEnable: true } : settings;
}

/** Where a group may not consume, and what switches it on again, in one line; undefined where it may. */
export function pausedHint(group: string, namesrv: string, paused: readonly PausedGroup[]): string | undefined {
  if (paused.length === 0) return undefined;
  const where = paused.map(({ broker }) => broker.name).sort();
  const commands = paused.map(({ broker: { name, address = `<master of ${name}>` }, settings }) =>
    createGroupCommand(namesrv, { address }, group, lastingSettings(settings)),
  );
  return `${group} may not consume on ${where.join(', ')} (consumeEnable=false); to switch it on: ${commands.join(' && ')}`;
}
