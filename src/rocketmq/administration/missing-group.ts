/** Whether a group exists where it consumes: brokers may not create groups by themselves, and say so to nobody. */
import type { Broker } from './broker';
import type { BrokerAdministration } from './broker-administration';
import { createGroupCommand } from './mqadmin-command';

export interface MissingGroup {
  /** The names of the brokers that have queues of the topics and not the group. */
  readonly brokers: string;
  /** What creates it there. */
  readonly command: string;
}

/**
 * @returns undefined where the group exists on every broker that answers. It is not created by looking
 * @throws BrokerAdministrationError, RemotingError
 */
export async function missingGroup(
  administration: Pick<BrokerAdministration, 'namesrv' | 'brokersOfCluster' | 'queuesOf' | 'groupSettings'>,
  group: string,
  topics: readonly string[],
): Promise<MissingGroup | undefined> {
  const [brokers, hosts] = await Promise.all([
    administration.brokersOfCluster(topics),
    Promise.all(topics.map(administration.queuesOf)),
  ]);
  const hosting = new Set(hosts.flat().flatMap(({ broker, queues }) => (queues > 0 ? [broker] : [])));
  const looked = brokers
    .filter(({ name }) => hosting.has(name))
    .map(async broker => {
      const exists = await administration.groupSettings(broker, group).then(
        settings => settings !== undefined,
        // Of a broker that does not say, nothing is known.
        () => true,
      );
      return exists ? [] : [broker];
    });
  const missing = (await Promise.all(looked)).flat();
  if (missing.length === 0) return undefined;
  const where = missing.length === brokers.length ? clustersOf(missing) : missing.map(addressOf);
  const commands = where.map(place => createGroupCommand(administration.namesrv, place, group));
  return { brokers: missing.map(({ name }) => name).join(', '), command: commands.join(' && ') };
}

function clustersOf(brokers: readonly Broker[]): { readonly cluster: string }[] {
  return [...new Set(brokers.map(({ cluster }) => cluster))].map(cluster => ({ cluster }));
}

function addressOf({ name, address = `<master of ${name}>` }: Broker): { readonly address: string } {
  return { address };
}
