/** Which version of the settings a process announces beside what else it does. */
import { expect, it } from 'vitest';
import { settingsAnnouncement } from '../../src/rocketmq/presence/settings-announcement';

function announcing(initial: string | undefined) {
  let digits = initial;
  const listeners: (() => void)[] = [];
  const log: string[] = [];
  const announce = async (group: string, name: string, topics: readonly string[]) => {
    log.push(`${group} ${name} ${topics}`);
    return { refusal: undefined, withdraw: async () => void log.push(`withdraw ${group}`) };
  };
  const version = { digits: () => digits, onChange: (listener: () => void) => void listeners.push(listener) };
  const change = (next: string) => {
    digits = next;
    for (const listener of listeners) listener();
  };
  return { withSettings: settingsAnnouncement({ announce }, version), change, log };
}
const canary = (log: string[]) =>
  Promise.resolve({ refusal: 'no right', withdraw: async () => void log.push('withdraw the canary') });

it('is announced and withdrawn with it; another version is announced before the former goes', async () => {
  const { withSettings, change, log } = announcing('3f2a1b0');
  const announcement = await withSettings(canary(log), ['T']);
  expect(announcement.refusal).toBe('no right');
  change('77aa001');
  await announcement.withdraw();
  expect(log).toEqual([
    'rocketmq-gray.settings.3f2a1b0 settings T',
    'rocketmq-gray.settings.77aa001 settings T',
    'withdraw the canary',
    'withdraw rocketmq-gray.settings.3f2a1b0',
    'withdraw rocketmq-gray.settings.77aa001',
  ]);
  change('0000000');
  expect(log).toHaveLength(5);
});

it('without a document nothing is announced, until there is one', async () => {
  const { withSettings, change, log } = announcing(undefined);
  await withSettings(canary(log), ['T']);
  expect(log).toEqual([]);
  change('3f2a1b0');
  expect(log).toEqual(['rocketmq-gray.settings.3f2a1b0 settings T']);
});

it('without settings that may change an announcement is what it is', () => {
  const announcement = canary([]);
  expect(settingsAnnouncement({ announce: () => announcement }, undefined)(announcement, ['T'])).toBe(announcement);
});
