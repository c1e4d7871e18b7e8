/** How the servers of a cluster are asked: over one connection each, and an answer that is an error is thrown. */

import type { TlsMode } from '../../config/settings';
import type { Credentials } from '../../names/credentials';
import { nameServerList } from '../remoting/address-server';
import { SUCCESS } from '../remoting/codes';
import {
  type RemotingConnection,
  type RemotingConnectionOptions,
  type RemotingResponse,
  remotingConnection,
} from '../remoting/connection';
import { parseFastjson } from '../remoting/frame';
import { type Connect, type Runtime, systemRuntime } from '../remoting/runtime';
import { sharedReading } from '../remoting/shared-reading';
import type { Broker } from './broker';
import { nameServers } from './name-servers';
import { BrokerAdministrationError, throwRefusal } from './refusal';

export interface Servers {
  /** The name server that answers first. */
  askNameServer(
    command: number,
    fields: Record<string, string>,
    allowed?: readonly number[],
  ): Promise<{ readonly response: RemotingResponse; readonly address: string }>;
  /** The answers of those that answered in time, with one of `allowed` or without an error. */
  askEachNameServer(
    command: number,
    fields: Record<string, string>,
    allowed?: readonly number[],
  ): Promise<{ readonly answers: readonly RemotingResponse[]; readonly asked: number }>;
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
  /** Default: off. */
  readonly tls?: TlsMode | undefined;
  /** For one request. */
  readonly timeoutMs?: number;
  readonly runtime?: Runtime;
}

/** MQVersion.V5_0_0_SNAPSHOT: each answer has the number of its broker's version. */
export const VERSION_5 = 412;

const REQUEST_TIMEOUT_MS = 3_000;

export function serversAt({
  namesrv,
  credentials,
  tls,
  timeoutMs = REQUEST_TIMEOUT_MS,
  runtime = systemRuntime,
}: ServersOptions): Servers {
  const { ask, askEach } = nameServers(nameServerList(namesrv, runtime.clock), runtime);
  const connections = connectionPool({ credentials, tls }, runtime.connect);

  const request = (address: string, command: number, fields: Record<string, string>, body?: Buffer) =>
    connections.to(address).request(command, fields, body, timeoutMs);

  return {
    async askNameServer(command, fields, allowed) {
      if (namesrv === '') {
        throw new BrokerAdministrationError(namesrv, command, undefined, 'no name server is given');
      }
      const answer = await ask(address => request(address, command, fields));
      throwRefusal(answer.address, command, answer.response, allowed);
      return answer;
    },
    async askEachNameServer(command, fields, allowed = []) {
      const { answers, asked } = await askEach(address => request(address, command, fields));
      return { answers: answers.filter(({ code }) => code === SUCCESS || allowed.includes(code)), asked };
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
  return sharedReading(
    async (broker: Broker) => bodyOf<Table>(await servers.askBroker(broker, command, {})),
    ({ name }) => name,
  );
}

export function bodyOf<Body>(response: RemotingResponse): Body {
  return parseFastjson(response.body.toString()) as Body;
}
