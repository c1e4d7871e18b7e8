import { describe, expect, it } from 'vitest';
import { type ConnectionState, chooseConnection } from '../../src/routing/connection-choice';

/** `up connecting* down`: states; `*`: the one that the library proposed. */
const connections = (text: string) =>
  text
    .split(' ')
    .filter(Boolean)
    .map((word, index) => {
      const state = word.replace('*', '') as ConnectionState;
      return { index, state, isProposed: word.endsWith('*'), weight: 1 };
    });

describe('choosing a connection', () => {
  it.each([
    ['the proposed one', 'up up* up', { send: 1 }],
    ['the proposed one is down', 'up down* up', { send: 2 }],
    ['the proposed one is being made', 'up connecting*', { send: 0 }],
    ['none is up yet', 'connecting down slow connecting', { wait: [0, 3] }],
    ['none is up for long', 'slow down', 'queue'],
    ['all are down', 'down down*', 'unreachable'],
    ['no instance', '', 'nobody'],
  ])('%s', (_name, text, expected) => {
    const choice = chooseConnection(connections(text), () => 0.9);
    if (typeof choice === 'string') expect(choice).toBe(expected);
    else if ('send' in choice) expect({ send: choice.send.index }).toEqual(expected);
    else expect({ wait: choice.wait.map(({ index }) => index) }).toEqual(expected);
  });
});
