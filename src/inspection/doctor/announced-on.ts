import type { AnnouncedProcess } from '../cluster/announced-processes';
import { valueIn } from '../cluster/answer';
import type { BrokerPicture } from './doctor-picture';

/** A process that announces something, and the brokers that know it. */
export interface Announced extends AnnouncedProcess {
  readonly on: readonly string[];
}

export function announcedOn(brokers: readonly BrokerPicture[]): Announced[] {
  const all = new Map<string, { process: AnnouncedProcess; on: string[] }>();
  for (const { broker, announcements } of brokers) {
    for (const process of valueIn(announcements) ?? []) {
      const { kind, announcer } = process;
      const key = [kind, announcer.host, announcer.pid].join(' ');
      const entry = all.get(key) ?? { process, on: [] };
      all.set(key, entry);
      if (!entry.on.includes(broker.name)) entry.on.push(broker.name);
    }
  }
  return [...all.values()].map(({ process, on }) => ({ ...process, on }));
}
