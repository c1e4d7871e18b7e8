/** How the servers of a cluster are asked: over one connection each, and an answer that is an error is thrown. */

import type { Credentials } from '../../names/credentials';
import { SUCCESS } from '../remoting/codes';
import {
  type RemotingConnection,
  type RemotingConnectionOptions,
  type RemotingResponse,
  remotingConnection,
} from '../remoting/connection';
import { parseFastjson } from '../remoting/frame';
import type { Connect } from '../remoting/runtime';
import type { Broker } from './broker';
import { BrokerAdministrationError, throwRefusal } from './refusal';

export interface Servers {
  /** The name server that answers first; each in its turn, as long as none does. */
  askNameServer(
    command: number,
    fields: Record<string, string>,
    allowed?: readonly number[],
  ): Promise<{ readonly response: RemotingResponse; readonly address: string }>;
  /** The answers of those that answered with one of `allowed` or without an error. */
  askEachNameServer(
    command: number,
    fields: Record<string, string>,
    allowed?: readonly number[],
  ): Promise<RemotingResponse[]>;
  /** @param options allowed: error codes that are an answer */
  askBroker(
    broker: Broker,
    command: number,
    fields: Record<string, string>,
    options?: { body?: Buffer; allowed?: readonly number[] },
  ): Promise<RemotingResponse>;
  close(): void;
}

export interface ServersOptions {
  /** `host:port;host:port` */
  readonly namesrv: string;
  /** Each request is signed. */
  readonly credentials?: Credentials | undefined;
  /** For one request. */
  readonly timeoutMs?: number;
  readonly connect?: Connect;
}

const REQUEST_TIMEOUT_MS = 3_000;

export function serversAt({
  namesrv,
  credentials,
  timeoutMs = REQUEST_TIMEOUT_MS,
  connect = remotingConnection,
}: ServersOptions): Servers {
  const nameServers = namesrv.split(/[;,\s]+/).filter(address => address !== '');
  const connections = connectionPool({ credentials }, connect);
  /** The name server that answered last: one that is away costs its time-out once, not at each request. */
  let preferred = 0;

  const request = (address: string, command: number, fields: Record<string, string>, body?: Buffer) =>
    connections.to(address).request(command, fields, body, timeoutMs);

  return {
    async askNameServer(command, fields, allowed) {
      let failure: unknown;
      const first = preferred;
      for (let attempt = 0; attempt < nameServers.length; attempt++) {
        const index = (first + attempt) % nameServers.length;
        const address = nameServers[index] ?? '';
        let response: RemotingResponse;
        try {
          response = await request(address, command, fields);
        } catch (error) {
          failure = error;
          continue;
        }
        preferred = index;
        throwRefusal(address, command, response, allowed);
        return { response, address };
      }
      throw failure ?? new BrokerAdministrationError(namesrv, command, undefined, 'no name server is given');
    },
    async askEachNameServer(command, fields, allowed = []) {
      const answers = await Promise.allSettled(nameServers.map(address => request(address, command, fields)));
      return answers
        .filter(answer => answer.status === 'fulfilled')
        .map(({ value }) => value)
        .filter(({ code }) => code === SUCCESS || allowed.includes(code));
    },
    async askBroker({ name, address }, command, fields, { body, allowed } = {}) {
      if (address === undefined) {
        throw new BrokerAdministrationError(name, command, undefined, 'no master is registered');
      }
      const response = await request(address, command, fields, body);
      throwRefusal(address, command, response, allowed);
      return response;
    },
    close: connections.close,
  };
}

export interface ConnectionPool {
  to(address: string): RemotingConnection;
  close(): void;
}

/** One connection for each address. */
export function connectionPool(
  options: RemotingConnectionOptions,
  connect: Connect = remotingConnection,
): ConnectionPool {
  const connections = new Map<string, RemotingConnection>();
  return {
    to(address) {
      let connection = connections.get(address);
      if (connection === undefined) {
        connection = connect(address, options);
        connections.set(address, connection);
      }
      return connection;
    },
    close() {
      for (const connection of connections.values()) connection.close();
      connections.clear();
    },
  };
}

/** A broker's table of something of all groups; those who ask at the same time share an answer. */
export function wholeTable<Table>(servers: Servers, command: number): (broker: Broker) => Promise<Table> {
  const underWay = new Map<string, Promise<Table>>();
  return broker => {
    let table = underWay.get(broker.name);
    if (table === undefined) {
      table = servers
        .askBroker(broker, command, {})
        .then(bodyOf<Table>)
        .finally(() => underWay.delete(broker.name));
      underWay.set(broker.name, table);
    }
    return table;
  };
}

export function bodyOf<Body>(response: RemotingResponse): Body {
  return parseFastjson(response.body.toString()) as Body;
}
