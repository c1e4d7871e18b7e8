import { inspect } from 'node:util';
import { expect, it } from 'vitest';
import { privateMark } from '../../src/foreign-objects/private-mark';
import { hasFastProperties, haveSameShape } from './shapes';

class Message {
  constructor(readonly body: string) {}
}

it('notes something of an object that nobody else sees', () => {
  const marks = privateMark<string>();
  const others = privateMark<string>();
  const message = new Message('text');
  expect(marks.get(message)).toBeUndefined();

  marks.set(message, 'one');
  expect(marks.get(message)).toBe('one');
  expect(others.get(message)).toBeUndefined();
  expect(marks.get(new Message('text'))).toBeUndefined();
  marks.set(message, 'two');
  expect(marks.get(message)).toBe('two');

  expect(message).toBeInstanceOf(Message);
  expect(Reflect.ownKeys(message)).toEqual(['body']);
  expect(inspect(message, { showHidden: true })).toBe("Message { body: 'text' }");
  expect(JSON.stringify({ ...message })).toBe('{"body":"text"}');
});

it('leaves objects as fast as they were, and alike', () => {
  const marks = privateMark<boolean>();
  const [one, other] = [new Message('one'), new Message('other')];
  for (const message of [one, other]) marks.set(message, true);
  expect(hasFastProperties(one)).toBe(true);
  expect(haveSameShape(one, other)).toBe(true);
});
