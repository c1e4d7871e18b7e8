import { refusal } from '../../rocketmq/administration/refusal';
import { connectionPool } from '../../rocketmq/administration/servers';
import { SUCCESS } from '../../rocketmq/remoting/codes';
import type { RemotingConnectionOptions, RemotingResponse } from '../../rocketmq/remoting/connection';

/**
 * Asks the server at `address` (`host:port`). Rejects with BrokerAdministrationError or RemotingError.
 *
 * @param options allowed: error codes that are an answer
 */
export type Ask = (
  address: string,
  command: number,
  fields?: Record<string, string>,
  options?: { body?: Buffer; allowed?: readonly number[] | 'all' },
) => Promise<RemotingResponse>;

export function asking(
  { credentials, tls }: Pick<RemotingConnectionOptions, 'credentials' | 'tls'>,
  timeoutMs: number,
): { readonly ask: Ask; readonly close: () => void } {
  const connections = connectionPool({ credentials, tls });
  return {
    async ask(address, command, fields = {}, { body, allowed = [] } = {}) {
      const response = await connections.to(address).request(command, fields, body, timeoutMs);
      const isAnswer = response.code === SUCCESS || allowed === 'all' || allowed.includes(response.code);
      if (!isAnswer) throw refusal(address, command, response);
      return response;
    },
    close: connections.close,
  };
}
