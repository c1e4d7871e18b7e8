/** Proxies of RocketMQ 5: where their remoting endpoints are, and how brokers know those in CLUSTER mode. */

/** Of a proxy: `remotingListenPort` in rmq-proxy.json, by default. */
const REMOTING_PORT = 8080;

/**
 * The consumer group by which proxies in CLUSTER mode tell each other of their clients: its members at a broker are these proxies,
 * one connection each (5.0 to 5.5: `heartbeatSyncerTopicName` of ProxyConfig.java, AbstractSystemMessageSyncer.java). Brokers
 * know none of their gRPC clients. A proxy in LOCAL mode is within its broker, and not in this group.
 */
export const PROXIES_GROUP = 'CID_DefaultHeartBeatSyncerTopic';

/**
 * The remoting endpoint of a proxy, by default: the port of that name on the same host.
 *
 * @param endpoint of a gRPC client: `host:port`, of several the first, perhaps with a scheme
 */
export function proxyOf(endpoint: string): string {
  const first = endpoint.replace(/^\w+:(\/\/)?(?=\S*:\d)/, '').split(/[;,]/)[0] ?? '';
  return proxyAt(first.replace(/:\d+$/, ''), undefined);
}

/**
 * The remoting endpoint of the proxy on a host.
 *
 * @param known of other proxies, `host:port;host:port`: they have one port
 */
export function proxyAt(host: string, known: string | undefined): string {
  const [first] = proxyList(known);
  return `${host}:${first?.match(/\d+$/)?.[0] ?? REMOTING_PORT}`;
}

/** @param proxies `host:port;host:port` */
export function proxyList(proxies: string | undefined): string[] {
  return proxies?.split(';').filter(address => address !== '') ?? [];
}
