import type { TlsMode } from '../../config/settings';
import type { Credentials } from '../../names/credentials';

/** The name servers of a cluster, and as whom they and their brokers are asked. */
export interface ClusterServers {
  /** `host:port;host:port` */
  readonly namesrv: string;
  readonly credentials: Credentials | undefined;
  /**
   * `host:port;host:port` of proxies' remoting endpoints: asked who is connected, where nobody may be asked who announced
   * himself.
   */
  readonly proxyRemoting?: string | undefined;
  /** Default: off. */
  readonly tls?: TlsMode | undefined;
  /** Of the settings of this process: announced beside what it announces. */
  readonly version?: { digits(): string | undefined; onChange(listener: () => void): void } | undefined;
}
