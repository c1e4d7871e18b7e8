import { describe, expect, it } from 'vitest';
import {
  CanaryGroupError,
  isUnanswered,
  MarkerNotTakenError,
} from '../../src/rocketmq/administration/canary-group-error';
import { PausedGroupError } from '../../src/rocketmq/administration/paused-group';
import { BrokerAdministrationError } from '../../src/rocketmq/administration/refusal';
import { RemotingConnectionError, RemotingTimeoutError } from '../../src/rocketmq/remoting/connection';

const late = new RemotingTimeoutError('127.0.0.1:10911', 208, 'no answer within 3000 ms');
const lost = new RemotingConnectionError('127.0.0.1:10911', 208, 'connection lost');
const refused = new BrokerAdministrationError('127.0.0.1:10911', 200, 16, 'no permission');
const noMaster = new BrokerAdministrationError('broker-a', 200, undefined, 'no master is registered');
const groupError = (errors: readonly unknown[], cause?: unknown) =>
  new CanaryGroupError('not ready', {
    hint: '',
    prepared: { created: [], createdAlone: [], used: [], offsets: 0, paused: [] },
    failures: errors.map(error => ({ broker: { name: 'broker-a', cluster: 'c', address: undefined }, error })),
    cause,
  });

describe('a question about a group', () => {
  it.each<[string, unknown, boolean]>([
    ['no answer in time', late, true],
    ['a connection that was lost', lost, true],
    ['no master', noMaster, true],
    ['all brokers away', groupError([late, noMaster]), true],
    ['not even a name server', groupError([], lost), true],
    ['a marker that no name server takes', new MarkerNotTakenError('group1_gray'), true],
    ['a refusal', refused, false],
    ['one of two brokers refuses', groupError([late, refused]), false],
    ['a name server refuses', groupError([], refused), false],
    ['a group that was switched off', new PausedGroupError('paused'), false],
    ['an error of ours', new TypeError('x is undefined'), false],
  ])('nobody answered: %s', (_, error, expected) => {
    expect(isUnanswered(error)).toBe(expected);
  });
});
