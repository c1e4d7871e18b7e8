/**
 * A session of a canary in a world in which everything that it waits for ends when the test says so: brokers that make a
 * group ready, the announcement and its withdrawal, the calls of the application's client. What must hold in every order of
 * that is checked as it happens.
 */
import { expect, vi } from 'vitest';
import { canaryDuties } from '../../src/rocketmq/consumer/canary-duties';
import type { ClientConnection } from '../../src/rocketmq/consumer/client';
import type { Duties } from '../../src/rocketmq/consumer/duties';
import type { Ready } from '../../src/rocketmq/consumer/group-readiness';
import { AGAIN_AFTER_MS } from '../../src/rocketmq/consumer/late-preparation';
import { createSession, type Session } from '../../src/rocketmq/consumer/session';
import type { Cluster } from '../../src/rocketmq/hand-over/cluster';
import { createIntake } from '../../src/rocketmq/hand-over/intake';
import { consumerPlan } from '../../src/rocketmq/plan/consumer-plan';
import type { Subscription } from '../../src/rocketmq/plan/subscription';
import { recordedLog } from './recorded-log';

const SETTINGS = { tag: 'gray', key: 'gray_tag', mqBaseline: 'auto', mqIgnoreTags: [], interop: [] } as const;
const SERVERS = { namesrv: 'n:9876', credentials: undefined };

/** Something that the session or the client waits for. */
export interface Pending {
  readonly what: string;
  end(outcome: Outcome): void;
}

/** For brokers `ok`, `partly` and `failed` are all, some and none of them. */
export type Outcome = 'ok' | 'partly' | 'failed';

const READY: Readonly<Record<Outcome, Ready>> = { ok: 'all', partly: 'some', failed: 'none' };

export const subscription = (topic: string): Subscription => ({ topic, filter: { type: 'TAG', expression: '*' } });

export interface WorldOptions {
  readonly sharesQueues?: boolean;
  readonly isAuto?: boolean;
  /** Whether name servers are known. */
  readonly knowsServers?: boolean;
}

export function sessionWorld({ sharesQueues = true, isAuto = true, knowsServers = true }: WorldOptions = {}) {
  const lines: string[] = [];
  const reported: unknown[] = [];
  /** Topics whose filters brokers were asked about, `|` behind each question. */
  const checked: string[] = [];
  const pending: Pending[] = [];
  /** What happened, in its order. */
  const log: string[] = [];
  const unsettled = new Set<string>();
  let announced = 0;
  let opened = 0;
  let lives = 0;
  let closings = 0;
  let calls = 0;

  const later = <T>(what: string, result: (outcome: Outcome) => T): Promise<T> =>
    new Promise((resolve, reject) => {
      const entry: Pending = {
        what,
        end(outcome) {
          pending.splice(pending.indexOf(entry), 1);
          try {
            resolve(result(outcome));
          } catch (error) {
            reject(error);
          }
        },
      };
      pending.push(entry);
    });

  const dutiesOfLife = (): Duties => {
    const life = ++lives;
    const preparing = new Set<string>();
    let left: 'no' | 'leaving' | 'yes' = 'no';
    let hasEnded = false;
    const duties = canaryDuties({
      group: 'group1_gray',
      tag: 'gray',
      sharesQueues,
      isAuto,
      serversOf: () => (knowsServers ? SERVERS : undefined),
      ready: async subscriptions => {
        const topics = subscriptions.map(({ topic }) => topic);
        log.push(`${life} prepares ${topics.join(' ')}`.trim());
        const ready = await later(`ready ${topics.join(' ')}`.trim(), outcome => READY[outcome]);
        return ready;
      },
      open() {
        opened++;
        return { close: () => void opened-- } as Cluster;
      },
      async arrive() {
        expect(announced).toBe(0);
        expect(left).toBe('no');
        announced++;
        log.push(`${life} announced`);
        await later('arrive', () => {});
        return {
          async roomIn() {},
          async leave() {
            await later('withdraw', () => {});
            announced--;
            log.push(`${life} withdrawn`);
          },
        };
      },
      part: { divide: async () => async () => {}, unsubscribed() {}, async leave() {}, async ended() {} },
      copies: {
        group: 'group1_gray__copies',
        consume: () => expect(left).toBe('no'),
        unsubscribed() {},
        async leave() {},
        ended: async () => expect(left).toBe('yes'),
        isThere: () => false,
      },
      log: recordedLog(lines),
    });
    return {
      ...duties,
      async prepare(subscriptions, ...rest) {
        expect([left, hasEnded]).toEqual(['no', false]);
        for (const { topic } of subscriptions) {
          expect(preparing).not.toContain(topic);
          preparing.add(topic);
        }
        await duties.prepare(subscriptions, ...rest);
        for (const { topic } of subscriptions) preparing.delete(topic);
      },
      unsubscribed(topic) {
        expect(left).toBe('no');
        log.push(`${life} gives up ${topic}`);
        duties.unsubscribed(topic);
      },
      async leave() {
        expect(left).toBe('no');
        left = 'leaving';
        await duties.leave();
        left = 'yes';
      },
      async end() {
        expect([left, hasEnded]).toEqual(['yes', false]);
        hasEnded = true;
        await duties.end();
        log.push(`${life} ended`);
      },
    };
  };

  const session: Session = createSession({
    intake: createIntake(consumerPlan('group1', SETTINGS)),
    client: 'some-client',
    duties: dutiesOfLife,
    async checkFilters(subscriptions) {
      checked.push(...subscriptions.map(({ topic }) => topic), '|');
    },
    log: recordedLog(lines),
    report: (_what, error) => void reported.push(error),
  });

  /** A call of the application: how it went. */
  const follow = async (what: string, call: Promise<unknown>): Promise<string> => {
    const name = `${what} ${++calls}`;
    unsettled.add(name);
    const outcome = await call.then(
      value => `${value}`,
      (error: Error) => `failed: ${error.message}`,
    );
    unsettled.delete(name);
    return outcome;
  };
  /** The client's own part of a call. */
  const client = (what: string) => {
    log.push(`client ${what}`);
    return later(`client ${what}`, outcome => {
      if (outcome === 'failed') throw new Error(`no ${what}`);
      return `${what} done`;
    });
  };

  const connection = (): ClientConnection => {
    expect(session.report()).toBeDefined();
    return { endpoint: 'proxy:8081' };
  };
  const flush = () => vi.advanceTimersByTimeAsync(0);
  return {
    session,
    lines,
    log,
    reported,
    checked,
    pending,
    unsettled,
    announced: () => announced,
    opened: () => opened,
    start() {
      const closingsBefore = closings;
      const run = () => {
        // Closed since: it must not come to life any more.
        expect(closings).toBe(closingsBefore);
        return client('start');
      };
      return follow('start', session.start({ connection }, run));
    },
    close() {
      closings++;
      return follow(
        'close',
        session.close(() => client('close')),
      );
    },
    subscribe: (topic: string) =>
      follow(
        'subscribe',
        session.subscribe([subscription(topic)], () => client(`subscribe ${topic}`)),
      ),
    unsubscribe: session.unsubscribed,
    flush,
    /** Ends what is waited for: the first of that name. */
    async end(what: string, outcome: Outcome = 'ok') {
      await flush();
      const found = pending.find(one => one.what === what);
      expect(found, `${what} among ${pending.map(one => one.what).join(', ')}`).toBeDefined();
      found?.end(outcome);
      await flush();
    },
    /** Ends all that is waited for, as often as that has something new waited for. */
    async endAll(outcome: Outcome = 'ok') {
      for (await flush(); pending.length > 0; await flush()) pending[0]?.end(outcome);
    },
    tryAgain: () => vi.advanceTimersByTimeAsync(AGAIN_AFTER_MS),
  };
}
