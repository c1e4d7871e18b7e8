import { SUCCESS } from '../remoting/codes';
import { commandName } from '../remoting/command-names';
import type { RemotingResponse } from '../remoting/connection';

/** A server's refusal; the message names the server, the command and the server's own words. */
export class BrokerAdministrationError extends Error {
  override readonly name = 'BrokerAdministrationError';

  constructor(
    readonly address: string,
    readonly command: number,
    /** Of ResponseCode.java; undefined when there was no server to ask. */
    readonly code: number | undefined,
    problem: string,
  ) {
    super(`RocketMQ at ${address}, ${commandName(command)}: ${problem}`);
  }
}

/** What a server says against a command, for people. */
export function refusal(
  address: string,
  command: number,
  { code, remark }: Pick<RemotingResponse, 'code' | 'remark'>,
): BrokerAdministrationError {
  return new BrokerAdministrationError(address, command, code, `error ${code}, ${plainWords(remark)}`);
}

/** @param allowed error codes that are an answer. @throws BrokerAdministrationError for any other */
export function throwRefusal(
  address: string,
  command: number,
  response: RemotingResponse,
  allowed: readonly number[] = [],
): void {
  if (response.code !== SUCCESS && !allowed.includes(response.code)) throw refusal(address, command, response);
}

/** Without the Java class and the place that 4.x brokers put around a message of their access control. */
export function plainWords(remark: string): string {
  return firstLine(remark).replace(/^(?:\w+\.)+\w+Exception: (.*), [\w.$]+\(\w+\.java:\d+\)$/, '$1');
}

/** Servers append a Java stack trace or a link to their documentation. */
export function firstLine(remark: string): string {
  return remark.trim().split(/\r?\n/, 1)[0] ?? '';
}

/** A server has said no. Otherwise nobody could be asked, or nobody answered. */
export function isRefusal(error: unknown): boolean {
  return error instanceof BrokerAdministrationError && error.code !== undefined;
}
