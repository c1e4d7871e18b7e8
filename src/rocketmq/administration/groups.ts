/** Consumer groups and their settings. */
import { GET_ALL_SUBSCRIPTIONGROUP_CONFIG, UPDATE_AND_CREATE_SUBSCRIPTIONGROUP } from '../remoting/codes';
import type { Broker } from './broker';
import { type Servers, wholeTable } from './servers';

/** A consumer group's settings: the fields of SubscriptionGroupConfig.java, whichever the broker's version has. */
export interface GroupSettings {
  readonly groupName: string;
  readonly [field: string]: unknown;
}

export interface Groups {
  /** A group's settings; undefined when the broker has no such group. */
  groupSettings(broker: Broker, group: string): Promise<GroupSettings | undefined>;
  /** How many groups a broker has. */
  countGroups(broker: Broker): Promise<number>;
  /** Creates a group, or replaces the settings of an existing one. */
  putGroup(broker: Broker, settings: GroupSettings): Promise<void>;
}

/** SubscriptionGroupWrapper.java */
interface SubscriptionGroups {
  readonly subscriptionGroupTable?: Readonly<Record<string, GroupSettings>>;
}

export function groups(servers: Servers): Groups {
  // All groups (201), not the one (352): a 5.x broker with autoCreateSubscriptionGroup creates the group that 352
  // asks for, with default settings (SubscriptionGroupManager.findSubscriptionGroupConfig); 4.x does not know 352.
  const allGroups = wholeTable<SubscriptionGroups>(servers, GET_ALL_SUBSCRIPTIONGROUP_CONFIG);
  return {
    async groupSettings(broker, group) {
      const { subscriptionGroupTable = {} } = await allGroups(broker);
      return Object.hasOwn(subscriptionGroupTable, group) ? subscriptionGroupTable[group] : undefined;
    },
    async countGroups(broker) {
      return Object.keys((await allGroups(broker)).subscriptionGroupTable ?? {}).length;
    },
    async putGroup(broker, settings) {
      const body = Buffer.from(JSON.stringify(settings));
      await servers.askBroker(broker, UPDATE_AND_CREATE_SUBSCRIPTIONGROUP, {}, { body });
    },
  };
}
