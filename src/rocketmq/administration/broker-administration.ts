import { type ClusterMap, clusterMap } from './cluster-map';
import { type ConsumeStats, consumeStats } from './consume-stats';
import { type FilterCheck, filterCheck } from './filter-check';
import { type Groups, groups } from './groups';
import { type KeyValues, keyValues } from './key-values';
import { type Offsets, offsets } from './offsets';
import { type ServersOptions, serversAt } from './servers';

/**
 * What mqadmin does to consumer groups, over the remoting protocol. Each call throws BrokerAdministrationError for a
 * server that answers with an error, RemotingError for one that does not answer within the time for a request.
 */
export interface BrokerAdministration extends ClusterMap, Groups, Offsets, ConsumeStats, KeyValues, FilterCheck {
  /** The name servers: `host:port;host:port` */
  readonly namesrv: string;
  close(): void;
}

export function brokerAdministration(options: ServersOptions): BrokerAdministration {
  const servers = serversAt(options);
  return {
    namesrv: options.namesrv,
    ...clusterMap(servers),
    ...groups(servers),
    ...offsets(servers),
    ...consumeStats(servers),
    ...keyValues(servers),
    ...filterCheck(servers),
    close: servers.close,
  };
}
