import { BrokerAdministrationError, plainWords } from '../administration/broker-administration';

/** What a broker says against a command, for people. */
export function refusal(address: string, command: number, code: number, remark: string): BrokerAdministrationError {
  return new BrokerAdministrationError(address, command, code, `error ${code}, ${plainWords(remark)}`);
}
