/** Which brokers there are, and where topics are. Name servers know it. */
import { GET_BROKER_CLUSTER_INFO, GET_ROUTEINFO_BY_TOPIC, TOPIC_NOT_EXIST } from '../remoting/codes';
import type { RemotingResponse } from '../remoting/connection';
import { sharedReading } from '../remoting/shared-reading';
import type { Broker } from './broker';
import { BrokerAdministrationError } from './refusal';
import { bodyOf, type Servers } from './servers';

/** The queues of a topic that consumers read on one broker: 0 up to `queues - 1`. */
export interface TopicQueues {
  readonly broker: string;
  readonly cluster: string;
  readonly queues: number;
}

export interface ClusterMap {
  /** All brokers of the clusters that host one of the topics; of the only cluster there is when none is hosted yet. */
  brokersOfCluster(topics: readonly string[]): Promise<Broker[]>;
  /** Where a topic's queues are; empty for an unknown topic. */
  queuesOf(topic: string): Promise<TopicQueues[]>;
}

export function clusterMap({ askNameServer }: Pick<Servers, 'askNameServer'>): ClusterMap {
  const queuesOf = sharedReading(async (topic: string): Promise<TopicQueues[]> => {
    const { response } = await askNameServer(GET_ROUTEINFO_BY_TOPIC, { topic }, [TOPIC_NOT_EXIST]);
    if (response.code === TOPIC_NOT_EXIST) return [];
    return topicHostsIn(response).map(({ broker, cluster, readQueues }) => ({ broker, cluster, queues: readQueues }));
  });
  const clusterInfo = sharedReading(() => askNameServer(GET_BROKER_CLUSTER_INFO, {}));

  return {
    queuesOf,
    async brokersOfCluster(topics) {
      const [routes, { response, address }] = await Promise.all([Promise.all(topics.map(queuesOf)), clusterInfo()]);
      const hosting = new Set(routes.flat().map(({ cluster }) => cluster));
      const all = hosting.size === 0 ? clustersIn(response) : [];
      if (all.length > 1) {
        const problem = `no broker hosts ${topics.join(', ')}, and there are several clusters: ${all.join(', ')}`;
        throw new BrokerAdministrationError(address, GET_BROKER_CLUSTER_INFO, undefined, problem);
      }
      return brokersIn(response).filter(({ cluster }) => hosting.size === 0 || hosting.has(cluster));
    },
  };
}

/** A broker that hosts a topic. */
export interface TopicHost {
  readonly broker: string;
  readonly cluster: string;
  readonly readQueues: number;
  readonly writeQueues: number;
  /** Bits of PermName.java: 4 read, 2 write. */
  readonly perm: number;
}

/** TopicRouteData.java, as far as it is used. */
interface TopicRoute {
  readonly brokerDatas?: readonly { brokerName: string; cluster: string }[];
  readonly queueDatas?: readonly { brokerName: string; readQueueNums: number; writeQueueNums: number; perm: number }[];
}

/** What a name server answers to GET_ROUTEINFO_BY_TOPIC. */
export function topicHostsIn(response: RemotingResponse): TopicHost[] {
  const { brokerDatas = [], queueDatas = [] } = bodyOf<TopicRoute>(response);
  const clusters = new Map(brokerDatas.map(({ brokerName, cluster }) => [brokerName, cluster]));
  return queueDatas.map(({ brokerName, readQueueNums, writeQueueNums, perm }) => ({
    broker: brokerName,
    cluster: clusters.get(brokerName) ?? '',
    readQueues: readQueueNums,
    writeQueues: writeQueueNums,
    perm,
  }));
}

/** ClusterInfo.java, the answer to GET_BROKER_CLUSTER_INFO. */
interface ClusterInfo {
  readonly brokerAddrTable?: Readonly<Record<string, { readonly brokerAddrs?: Readonly<Record<string, string>> }>>;
  readonly clusterAddrTable?: Readonly<Record<string, readonly string[]>>;
}

const MASTER_ID = '0';

function clustersIn(response: RemotingResponse): string[] {
  return Object.keys(bodyOf<ClusterInfo>(response).clusterAddrTable ?? {});
}

/** All brokers of an answer to GET_BROKER_CLUSTER_INFO, cluster by cluster, by name. */
export function brokersIn(response: RemotingResponse): Broker[] {
  const { brokerAddrTable = {}, clusterAddrTable = {} } = bodyOf<ClusterInfo>(response);
  return Object.entries(clusterAddrTable).flatMap(([cluster, names]) =>
    names
      .map(name => {
        const { [MASTER_ID]: address, ...others } = brokerAddrTable[name]?.brokerAddrs ?? {};
        const replicas = Object.values(others);
        return { name, cluster, address, ...(replicas.length > 0 && { replicas }) };
      })
      .sort((a, b) => (a.name < b.name ? -1 : 1)),
  );
}
