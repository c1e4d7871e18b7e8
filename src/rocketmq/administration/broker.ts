/** A broker of a cluster. */
export interface Broker {
  readonly name: string;
  readonly cluster: string;
  /** `host:port` of its master; undefined while only replicas are registered. */
  readonly address: string | undefined;
  /** `host:port` of each replica that is registered; absent: none is. */
  readonly replicas?: readonly string[];
}

/** A broker by its name. One that is not listed is away, which a question to it will say. */
export function brokerNamed(brokers: readonly Broker[], name: string): Broker {
  return brokers.find(broker => broker.name === name) ?? { name, cluster: '', address: undefined };
}
