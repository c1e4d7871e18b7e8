/** Histories of hand-overs, as people read them. After a change that is meant: run with `-u`, and read what `git diff` says. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { play } from './hand-over-transcript';

const directory = join(__dirname, '../hand-over');
const files = readdirSync(directory).filter(name => name.endsWith('.txt'));

describe('transcripts of hand-overs', () => {
  it.each(files)('%s', async name => {
    const file = join(directory, name);
    const transcript = readFileSync(file, 'utf8');
    expect(transcript).toMatch(/^# \S/);
    await expect(play(transcript)).toMatchFileSnapshot(file);
  });

  it('are there, and show every action and every line', () => {
    const all = files.map(name => readFileSync(join(directory, name), 'utf8')).join('\n');
    const shown = [
      'ensure offsets of',
      'exclude from',
      'start stand-in in',
      'subscribe stand-in of',
      'unsubscribe stand-in of',
      'end stand-in in',
      'write down: gray managed',
      'write down: gray draining',
      'write down: gray retired',
      'tell when',
      'is managed (declared)',
      'is managed (its canary is there)',
      'is managed (marked)',
      'is managed (its messages come again)',
      'itself, since no stand-in',
      'as well, since',
      'is given up, its messages are the baseline',
      'stand-in on,',
      'stand-in off, a canary of gray is there',
      'stand-in on for',
      'to which the canary of gray does not subscribe',
      'stand-in off, the canary of gray is no longer there beside it',
      'nobody stands in for gray, which subscribes to more',
      'stand-in off, the consumer is closed',
      'stand-in off, nothing is left to it',
      'stand-in off, gray is given up',
      'stand-in off, other processes of the baseline stand in',
      'look who stands in in group1_gray',
    ];
    expect(shown.filter(text => !all.includes(text))).toEqual([]);
  });

  it('have no command that nobody knows', () => {
    expect(() => play('process\n\nfrobnicate gray')).toThrow('no such command: frobnicate');
    expect(() => play('subscribed orders')).toThrow('no process a');
    expect(() => play('wait long')).toThrow('no duration');
  });
});
