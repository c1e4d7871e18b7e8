import { EventEmitter } from 'node:events';
import { describe, expect, it, vi } from 'vitest';
import { createTagContext } from '../../src/context/active-tag';
import { followEvents, keepInScope } from '../../src/context/emitter-scope';

const idle = {
  tag: () => undefined,
  shows: () => true,
  isIdle: () => true,
  run: <T>(_tag: unknown, fn: () => T) => fn(),
};
const newContext = () => createTagContext({ instanceTag: undefined, bridge: idle });

/** What was active as events came, and the arguments and receiver that came with them. */
function listening(context: ReturnType<typeof newContext>, emitter: EventEmitter) {
  const seen: unknown[] = [];
  emitter.on('data', function (this: unknown, ...args: unknown[]) {
    seen.push([context.activeTag(), this === emitter, ...args]);
  });
  return seen;
}

describe.each<[string, boolean]>([
  ['an emitter by itself', false],
  ['an emitter whose class is followed', true],
])('%s', (_name, isOfClass) => {
  function scoped() {
    const context = newContext();
    class Request extends EventEmitter {}
    if (isOfClass) followEvents(context, Request.prototype);
    const emitter = new Request();
    return { context, emitter, seen: listening(context, emitter) };
  }

  it('its events run where they are emitted until it has a scope, then within that', () => {
    const { context, emitter, seen } = scoped();
    context.run('blue', () => emitter.emit('data', 1));
    keepInScope(context, context.newScope('gray'), emitter);
    expect(emitter.emit('data', 2, 'more')).toBe(true);
    context.run('blue', () => emitter.emit('data', 3));
    expect(seen).toEqual([
      ['blue', true, 1],
      ['gray', true, 2, 'more'],
      ['gray', true, 3],
    ]);
    expect(emitter.emit('nothing')).toBe(false);
    expect(Object.keys(emitter)).not.toContain('emit');
  });

  it('within no scope at all they are untagged wherever they are emitted', () => {
    const { context, emitter, seen } = scoped();
    keepInScope(context, undefined, emitter);
    context.run('blue', () => emitter.emit('data'));
    emitter.emit('data');
    expect(seen).toEqual([
      [undefined, true],
      [undefined, true],
    ]);
  });

  it('the scope that is present is not entered once more', () => {
    const { context, emitter } = scoped();
    const gray = context.newScope('gray');
    keepInScope(context, gray, emitter);
    const enters = vi.spyOn(context, isOfClass ? 'runStorage' : 'runInScope');
    emitter.emit('data');
    expect(enters).toHaveBeenCalledTimes(1);
    enters.mockClear();
    context.enter(gray);
    emitter.emit('data');
    expect(enters).not.toHaveBeenCalled();
    context.enter(undefined);
    emitter.emit('nothing');
    if (isOfClass) expect(enters).not.toHaveBeenCalled();
  });
});

it('a class is followed once, its heirs with it, and others are not', () => {
  const context = newContext();
  class Request extends EventEmitter {}
  followEvents(context, Request.prototype);
  const { emit } = Request.prototype;
  followEvents(context, Request.prototype);
  expect(Request.prototype.emit).toBe(emit);
  class Heir extends Request {}
  const heir = new Heir();
  keepInScope(context, context.newScope('gray'), heir);
  expect([Object.hasOwn(heir, 'emit'), heir.emit]).toEqual([false, emit]);
  // As that of every emitter.
  expect(Object.keys(Request.prototype)).toEqual(['emit']);
  expect(EventEmitter.prototype.emit).not.toBe(emit);
});

it('an emit of the application of its own may be replaced again', () => {
  const context = newContext();
  const emitter = new EventEmitter();
  keepInScope(context, undefined, emitter);
  const own = vi.fn();
  emitter.emit = own;
  emitter.emit('data');
  expect(own).toHaveBeenCalledTimes(1);
  expect(Object.getOwnPropertyDescriptor(emitter, 'emit')).toMatchObject({ configurable: true, writable: true });
});
