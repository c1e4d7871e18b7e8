/** The mqadmin command that people run where the agent could not create a group. */
import type { GroupSettings } from './groups';

/** mqadmin's options for the settings of SubscriptionGroupConfig (source: UpdateSubGroupSubCommand.java, 5.5). */
const MQADMIN_OPTIONS = [
  ['consumeEnable', '-s'],
  ['consumeFromMinEnable', '-m'],
  ['consumeBroadcastEnable', '-d'],
  ['consumeMessageOrderly', '-o'],
  ['retryQueueNums', '-q'],
  ['retryMaxTimes', '-r'],
  ['brokerId', '-i'],
  ['whichBrokerWhenConsumeSlowly', '-w'],
  ['notifyConsumerIdsChangedEnable', '-a'],
] as const;

/**
 * The mqadmin command that creates a canary group by hand, with the settings of the baseline group where they are known.
 *
 * @param where the cluster, or one broker's address
 */
export function createGroupCommand(
  namesrv: string,
  where: { cluster: string } | { address: string },
  canaryGroup: string,
  baseline?: GroupSettings,
): string {
  const words = ['mqadmin', 'updateSubGroup', '-n', shellWord(namesrv)];
  if ('cluster' in where) words.push('-c', shellWord(where.cluster));
  else words.push('-b', shellWord(where.address));
  words.push('-g', shellWord(canaryGroup));
  for (const [field, option] of MQADMIN_OPTIONS) {
    const value = baseline?.[field];
    if (typeof value === 'boolean' || typeof value === 'number') words.push(option, `${value}`);
  }
  const groupRetryPolicy = baseline?.groupRetryPolicy;
  if (groupRetryPolicy !== undefined && groupRetryPolicy !== null) {
    words.push('-p', shellWord(JSON.stringify(groupRetryPolicy)));
  }
  const attributes = Object.entries((baseline?.attributes as Record<string, string> | null | undefined) ?? {});
  if (attributes.length > 0) {
    words.push('--attributes', shellWord(attributes.map(([name, value]) => `+${name}=${value}`).join(',')));
  }
  return words.join(' ');
}

function shellWord(text: string): string {
  return /^[\w.:/%@+,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
