/** What is active in each flow, and what goes out of it; with OpenTelemetry's baggage beside it and without. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { type Context, type ContextManager, context, propagation, ROOT_CONTEXT } from '@opentelemetry/api';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createTagContext } from '../../src/context/active-tag';
import { createBaggageBridge } from '../../src/context/opentelemetry';

/** An application's own. */
class Manager implements ContextManager {
  readonly storage = new AsyncLocalStorage<Context>();
  active = () => this.storage.getStore() ?? ROOT_CONTEXT;
  with: ContextManager['with'] = (active, fn, thisArg, ...args) =>
    this.storage.run(active, () => fn.apply(thisArg as never, args));
  bind = <T>(_active: unknown, target: T) => target;
  enable = () => this;
  disable = () => this;
}
afterEach(() => context.disable());

function tags({ instanceTag, readTags = true }: { instanceTag?: string; readTags?: boolean } = {}) {
  const onError = vi.fn();
  const bridge = createBaggageBridge({ key: 'gray_tag', readTags: () => readTags, onError });
  return { ...createTagContext({ instanceTag, bridge }), bridge, onError };
}
const withBaggage = <T>(entries: Record<string, string>, fn: () => T): T => {
  const baggage = propagation.createBaggage(
    Object.fromEntries(Object.entries(entries).map(([name, value]) => [name, { value }])),
  );
  return context.with(propagation.setBaggage(context.active(), baggage), fn);
};
const baggage = () => Object.fromEntries(propagation.getBaggage(context.active())?.getAllEntries() ?? []);

describe('a flow', () => {
  it('has the tag that it was begun with, through whatever it waits for', async () => {
    const { run, activeTag, scope } = tags();
    expect([activeTag(), scope()]).toEqual([undefined, undefined]);
    await run('gray', async () => {
      await new Promise(setImmediate);
      expect(activeTag()).toBe('gray');
      run(undefined, () => expect(activeTag()).toBe(undefined));
      expect(activeTag()).toBe('gray');
    });
    expect(activeTag()).toBe(undefined);
  });

  it.each<[string | undefined, string | undefined, string | undefined, object]>([
    [undefined, undefined, undefined, { tag: undefined, remove: false }],
    [undefined, 'gray', 'gray', { tag: 'gray', remove: false }],
    ['blue', undefined, 'blue', { tag: 'blue', remove: false }],
    ['blue', 'gray', 'gray', { tag: 'gray', remove: false }],
    ['blue', 'base', 'base', { tag: undefined, remove: true }],
  ])('in an instance of %s, of %s: calls carry %s, messages %j', (instanceTag, tag, call, message) => {
    const { run, outgoingTag, outgoingMessageTag } = tags(instanceTag === undefined ? {} : { instanceTag });
    run(tag, () => expect([outgoingTag(), outgoingMessageTag()]).toEqual([call, message]));
  });

  it('goes straight on where nothing would change', () => {
    const { run, scope, isCurrent } = tags();
    run(undefined, () => expect(scope()).toBe(undefined));
    run('gray', () => {
      const outer = scope();
      expect([isCurrent('gray'), isCurrent('blue'), isCurrent(undefined)]).toEqual([true, false, false]);
      run('gray', () => expect(scope()).toBe(outer));
    });
    expect(isCurrent(undefined)).toBe(true);
  });

  it('may be entered in its midst, and again in a scope that was taken earlier', async () => {
    const { enter, enableFlows, newScope, activeTag, runInScope, scope } = tags();
    enableFlows();
    expect(scope()).toBe(undefined);
    const gray = newScope('gray');
    await (async () => {
      enter(gray);
      await null;
      expect(activeTag()).toBe('gray');
      enter(undefined);
      expect(activeTag()).toBe(undefined);
    })();
    runInScope(gray, () => expect([activeTag(), scope()]).toEqual(['gray', gray]));
    runInScope(gray, () => runInScope(undefined, () => expect(activeTag()).toBe(undefined)));
  });

  it('was tagged once one was', () => {
    const { wasUsed, run, enter, newScope, hasOpenTelemetry } = tags();
    run(undefined, () => {});
    newScope(undefined);
    enter(undefined);
    enter({ tag: undefined });
    enter(undefined);
    expect([wasUsed(), hasOpenTelemetry()]).toEqual([false, false]);
    newScope('gray');
    expect([wasUsed(), hasOpenTelemetry()]).toEqual([true, false]);
    const other = tags();
    other.enter({ tag: 'gray' });
    other.enter(undefined);
    expect(other.wasUsed()).toBe(true);
  });
});

describe('beside OpenTelemetry', () => {
  it('a flow shows its tag as baggage, and other entries stay', () => {
    context.setGlobalContextManager(new Manager());
    const { run, activeTag, hasOpenTelemetry, wasUsed } = tags();
    expect([hasOpenTelemetry(), wasUsed()]).toEqual([true, true]);
    withBaggage({ user: 'alice' }, () => {
      run('gray', () => {
        expect(activeTag()).toBe('gray');
        expect(baggage()).toEqual({ user: { value: 'alice' }, gray_tag: { value: 'gray' } });
        run(undefined, () => expect([activeTag(), baggage()]).toEqual([undefined, { user: { value: 'alice' } }]));
      });
    });
    run('gray', () => expect(baggage()).toEqual({ gray_tag: { value: 'gray' } }));
  });

  it('a tag that the application has as baggage is active, unless a request is handled', () => {
    context.setGlobalContextManager(new Manager());
    const { run, activeTag, isCurrent, scope } = tags();
    withBaggage({ gray_tag: 'blue' }, () => {
      expect([activeTag(), isCurrent('blue'), isCurrent(undefined)]).toEqual(['blue', false, false]);
      run('gray', () => expect(activeTag()).toBe('gray'));
    });
    withBaggage({ gray_tag: 'a_b' }, () => expect(activeTag()).toBe(undefined));
    run('gray', () => {
      expect(isCurrent('gray')).toBe(true);
      // The application has changed it: it is to say the tag again.
      withBaggage({ gray_tag: 'blue' }, () => expect(isCurrent('gray')).toBe(false));
      const outer = scope();
      run('gray', () => expect(scope()).toBe(outer));
    });
  });

  it('a scope that is the present one is not entered once more', () => {
    context.setGlobalContextManager(new Manager());
    const { newScope, runInScope } = tags();
    const gray = newScope('gray');
    runInScope(gray, () =>
      withBaggage({ gray_tag: 'blue' }, () => {
        runInScope(gray, () => expect(baggage()).toEqual({ gray_tag: { value: 'blue' } }));
        runInScope(undefined, () => expect(baggage()).toEqual({}));
      }),
    );
  });

  it('no tag is read from baggage that comes from anybody', () => {
    context.setGlobalContextManager(new Manager());
    const { activeTag } = tags({ readTags: false });
    withBaggage({ gray_tag: 'blue' }, () => expect(activeTag()).toBe(undefined));
  });

  it('an error of it is told, and the application goes on', () => {
    const broken = new Manager();
    broken.active = () => {
      throw new Error('no context');
    };
    context.setGlobalContextManager(broken);
    const { activeTag, isCurrent, run, onError, bridge } = tags();
    expect([activeTag(), isCurrent(undefined), bridge.shows('gray')]).toEqual([undefined, true, true]);
    expect(run('gray', () => activeTag())).toBe('gray');
    expect(onError.mock.calls.flat()).toEqual(Array(onError.mock.calls.length).fill(new Error('no context')));
    expect(onError.mock.calls.length).toBeGreaterThan(3);
  });
});
