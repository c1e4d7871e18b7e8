import { describe, expect, it } from 'vitest';
import type { LibraryCopy } from '../../src/agent/instrumentation';
import {
  answerDirectConsumption,
  consumeByStandIn,
  type DirectClient,
  type RequestListener,
} from '../../src/instrumentations/ali-ons/direct-consumption';
import type { Settle } from '../../src/instrumentations/ali-ons/message';

/** Of the client's modules, as far as they are used; messages are JSON here. */
const MODULES: Readonly<Record<string, object>> = {
  'lib/message/message_decoder.js': { decodes: (body: Buffer) => [JSON.parse(String(body))] },
  'lib/protocol/command/remoting_command.js': {
    createRequestCommand: (code: number, header: object) => ({ code, ...header }),
    createResponseCommand: (code: number, opaque: number) => ({ code, opaque, body: null }),
  },
  byte: { wrap: (body: Buffer) => body },
};
const copy = {
  require: (path: string) => MODULES[path],
  requireDependency: (name: string) => MODULES[name],
} as unknown as LibraryCopy;
const settle: Settle = async <T>(result: unknown) => result as T;
const means = { settle, copy };

const message = (attempt: number, id = 'original') => ({
  msgId: `stored-${Math.random()}`,
  topic: 'T',
  reconsumeTimes: attempt - 1,
  queueOffset: 0,
  properties: { ORIGIN_MESSAGE_ID: id },
});

describe('a stand-in that is asked to handle a message', () => {
  function asked(consume: () => Promise<boolean>) {
    const answers: { opaque: number; consumeResult: string; remark?: string }[] = [];
    let listener: RequestListener = () => {};
    let calls = 0;
    const client = {
      on: (_event: 'request', of: RequestListener) => {
        listener = of;
      },
      getAndCreateChannel: () => ({
        invokeOneway({ opaque, body }: { opaque: number; body: Buffer }) {
          answers.push({ opaque, ...JSON.parse(String(body)) });
        },
      }),
    };
    const problems: unknown[] = [];
    answerDirectConsumption(
      client as never,
      means,
      () => {
        calls++;
        return consume();
      },
      problem => problems.push(problem),
    );
    return {
      answers,
      problems,
      calls: () => calls,
      ask: (opaque: number, content: object | undefined, code = 309) =>
        listener(
          {
            data: {
              code,
              opaque,
              extFields: { consumerGroup: 'g' },
              body: content ? Buffer.from(JSON.stringify(content)) : null,
            },
          },
          'broker',
        ),
    };
  }
  const turn = () => new Promise(resolve => setImmediate(resolve));

  it('handles one attempt once, however often it is asked while and after that', async () => {
    let end: (value: boolean) => void = () => {};
    const one = asked(() => new Promise(resolve => (end = resolve)));
    one.ask(1, message(2));
    one.ask(2, message(2));
    await turn();
    expect(one.answers).toEqual([]);
    end(true);
    await turn();
    one.ask(3, message(2));
    await turn();
    expect(one.calls()).toBe(1);
    expect(one.answers.map(({ opaque, consumeResult }) => [opaque, consumeResult])).toEqual([
      [1, 'CR_SUCCESS'],
      [2, 'CR_SUCCESS'],
      [3, 'CR_SUCCESS'],
    ]);
    one.ask(4, message(3));
    one.ask(5, message(2, 'another'));
    expect(one.calls()).toBe(3);
  });

  it('says that its handler failed, and that it has not begun; who has not begun may be asked again', async () => {
    const failing = asked(() => Promise.reject(new Error('no database')));
    failing.ask(1, message(1));
    await turn();
    expect(failing.answers).toMatchObject([{ consumeResult: 'CR_THROW_EXCEPTION', remark: 'Error: no database' }]);

    const leaving = asked(() => Promise.resolve(false));
    leaving.ask(1, message(1));
    await turn();
    await turn();
    leaving.ask(2, message(1));
    leaving.ask(3, undefined);
    await turn();
    expect(leaving.answers.map(({ consumeResult }) => consumeResult)).toEqual([
      'CR_RETURN_NULL',
      'CR_RETURN_NULL',
      'CR_RETURN_NULL',
    ]);
    expect(leaving.calls()).toBe(2);
    expect([...failing.problems, ...leaving.problems]).toEqual([]);
  });

  it('leaves other requests to the client', async () => {
    const one = asked(() => Promise.resolve(true));
    one.ask(1, message(1), 40);
    await turn();
    expect([one.calls(), one.answers]).toEqual([0, []]);
  });
});

describe('a canary that has a stand-in handle a message', () => {
  type Answer = { readonly code: number; readonly consumeResult?: string; readonly remark?: string };
  /** @param answers of members, by client id */
  async function ask(answers: Readonly<Record<string, Answer>>, client: Partial<DirectClient> = {}) {
    const invoked: string[] = [];
    const asked = await consumeByStandIn(
      {
        findBrokerAddressInPublish: () => 'address',
        getConsumerIdListByGroup: async () => Object.keys(answers),
        async invoke(_address, command) {
          const { clientId } = command as { readonly clientId: string };
          invoked.push(clientId);
          const { code, remark, consumeResult } = answers[clientId] as Answer;
          return { code, remark, body: Buffer.from(JSON.stringify({ consumeResult })) };
        },
        ...client,
      },
      'group1_gray',
      message(2),
      'broker-a',
      means,
    );
    return { ...asked, invoked };
  }
  const says = (consumeResult: string): Answer => ({ code: 0, consumeResult });

  it.each<[string, Readonly<Record<string, Answer>>, object]>([
    ['nobody is there but canaries', { 'a@b': says('CR_SUCCESS') }, { outcome: 'nobody', invoked: [] }],
    [
      'it is handled',
      { 'a@gray-stand-in': says('CR_SUCCESS'), 'b@gray-stand-in': says('CR_SUCCESS') },
      { outcome: 'handled', invoked: ['a@gray-stand-in'] },
    ],
    [
      'the first one does not subscribe to it',
      { 'b@gray-stand-in': says('CR_SUCCESS'), 'a@gray-stand-in': says('CR_RETURN_NULL') },
      { outcome: 'handled', invoked: ['a@gray-stand-in', 'b@gray-stand-in'] },
    ],
    ['none does', { 'a@gray-stand-in': says('CR_RETURN_NULL') }, { outcome: 'nobody', invoked: ['a@gray-stand-in'] }],
    ['the handler fails', { 'a@gray-stand-in': says('CR_THROW_EXCEPTION') }, { outcome: 'failed' }],
    ['a handler of Java wants it later', { 'a@gray-stand-in': says('CR_LATER') }, { outcome: 'failed' }],
    [
      'the broker has waited too long: nobody else is asked',
      { 'a@gray-stand-in': { code: 207, remark: 'timeout' }, 'b@gray-stand-in': says('CR_SUCCESS') },
      { outcome: 'nobody', problem: 'a@gray-stand-in: timeout', invoked: ['a@gray-stand-in'] },
    ],
  ])('%s', async (_, answers, expected) => {
    expect(await ask(answers)).toMatchObject(expected);
  });

  it('never rejects', async () => {
    const answers = { 'a@gray-stand-in': says('CR_SUCCESS') };
    expect(await ask(answers, { findBrokerAddressInPublish: () => undefined })).toMatchObject({ outcome: 'nobody' });
    expect(await ask(answers, { getConsumerIdListByGroup: async () => undefined })).toMatchObject({
      outcome: 'nobody',
    });
    const invoke = () => Promise.reject(new Error('closed'));
    expect(await ask(answers, { invoke })).toMatchObject({ outcome: 'nobody', problem: 'Error: closed' });
  });
});
