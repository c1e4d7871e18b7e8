/** The library's own objects, as far as they are used. */
import type { EventEmitter } from 'node:events';
import type { Attachments } from '../../propagation/rpc-attachments';

/** A call, of which the library says `ctx`. */
export interface Call {
  readonly requestId: number;
  readonly dubboInterface: string;
  readonly version?: string;
  readonly group?: string;
  readonly attachments: Attachments;
  /** Empty while the call waits for a connection: then the next one takes it. */
  invokedByHost: string;
}

/** A provider as the registry has it, of which the library says `DubboUrl`. */
export interface Provider {
  readonly hostname: string;
  readonly port: number;
  readonly version: string;
  readonly group: string;
  readonly url: URL;
}

/** The connection to one address; there is one for each address that was ever in a list. */
export interface Transport {
  /** `host:port`. */
  readonly host: string;
  readonly isAvailable: boolean;
  readonly transport: EventEmitter;
}

export interface Scheduler {
  readonly queue: {
    readonly requestQueue: ReadonlyMap<number, Call>;
    consume(answer: { requestId: number; err: unknown }): void;
  };
  readonly dubboServiceUrlMapper: ReadonlyMap<string, readonly Provider[]>;
  readonly dubboCluster: { readonly dubboClusterTransportMap: ReadonlyMap<string, ReadonlySet<Transport>> };
  sendRequest(call: Call, transport?: Transport): void;
}
