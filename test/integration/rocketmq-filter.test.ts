/**
 * Filter composition, with the real broker as the oracle: what it delivers for the composed expression is what it
 * delivers for the user's and for the condition; what it refuses, it refuses composed as well.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Rocketmq } from '../../fixtures/rocketmq';
import { until } from '../../fixtures/servers/until';
import { takeRocketmq } from '../../fixtures/warm-servers/take';
import { selectsMessage } from '../../src/inspection/cluster/sql92';
import { createMessagePropagation } from '../../src/propagation/message-properties';
import {
  both,
  type FilterExpression,
  isNoneOf,
  isNotSelectedBy,
  isSelectedBy,
  isTagged,
  isUntagged,
} from '../../src/rocketmq/plan/filter-expression';
import { impliedTag } from '../../src/rocketmq/plan/implied-tag';
import { CHECK_CLIENT_CONFIG, GET_MAX_OFFSET, SUBSCRIPTION_PARSE_FAILED } from '../../src/rocketmq/remoting/codes';
import { type RemotingConnection, remotingConnection } from '../../src/rocketmq/remoting/connection';

/** Where messages carry their tag. */
const OWN = { key: 'gray_tag', hasBaggage: false };
/** The present one. */
let topic = 'FILTERS';
const GROUP = 'filters';
const SEND_MESSAGE = 10;
const PULL_MESSAGE = 11;
const PULL_WITH_SUBSCRIPTION = '4';
const PULL_NOT_FOUND = 19;
const PULL_RETRY_IMMEDIATELY = 20;
const PULL_OFFSET_MOVED = 21;

let rocketmq: Rocketmq;
let broker: RemotingConnection;
let total = 0;
/** By queue offset. */
const held: Readonly<Record<string, string>>[] = [];

async function send(properties: Record<string, string>): Promise<void> {
  const text = Object.entries({ ...properties, WAIT: 'true' })
    .map(([key, value]) => `${key}\u0001${value}\u0002`)
    .join('');
  const { code, remark } = await broker.request(
    SEND_MESSAGE,
    {
      producerGroup: 'filters_producer',
      topic,
      defaultTopic: 'TBW102',
      defaultTopicQueueNums: '1',
      queueId: '0',
      sysFlag: '0',
      bornTimestamp: String(Date.now()),
      flag: '0',
      properties: text,
      reconsumeTimes: '0',
      unitMode: 'false',
      batch: 'false',
    },
    Buffer.from('x'),
  );
  if (code !== 0) throw new Error(remark);
  total++;
  held.push(properties);
}

/** What is stored is in its queue a little later. */
async function allInQueue(): Promise<void> {
  const end = async () => Number((await broker.request(GET_MAX_OFFSET, { topic, queueId: '0' })).extFields.offset);
  await until('all are in their queue', 60_000, async () => (await end()) === total);
}

/** A pull with an expression that does not compile delivers everything (5.5.0); a POP and this command refuse it. */
async function isAccepted({ type, expression }: FilterExpression): Promise<boolean> {
  if (type === 'TAG') return true;
  const subscriptionData = { topic, subString: expression, expressionType: type };
  const body = Buffer.from(JSON.stringify({ clientId: 'filters', group: GROUP, subscriptionData }));
  const { code, remark } = await broker.request(CHECK_CLIENT_CONFIG, {}, body);
  if (code !== 0 && code !== SUBSCRIPTION_PARSE_FAILED) throw new Error(`check answered ${code}: ${remark}`);
  return code === 0;
}

/** Queue offsets of the messages that the broker delivers; undefined when it refuses the expression. */
async function delivered(filter: FilterExpression): Promise<number[] | undefined> {
  if (!(await isAccepted(filter))) return undefined;
  const offsets: number[] = [];
  let next = 0;
  while (next < total) {
    const { code, extFields, body, remark } = await broker.request(PULL_MESSAGE, {
      consumerGroup: GROUP,
      topic,
      queueId: '0',
      queueOffset: String(next),
      maxMsgNums: '32',
      sysFlag: PULL_WITH_SUBSCRIPTION,
      commitOffset: '0',
      suspendTimeoutMillis: '0',
      subscription: filter.expression,
      subVersion: '1',
      expressionType: filter.type,
    });
    if (code === 0) {
      // Stored messages one after another: total size at byte 0, queue offset at byte 20 (MessageDecoder.java).
      for (let at = 0; at < body.length; at += body.readInt32BE(at)) offsets.push(Number(body.readBigInt64BE(at + 20)));
    } else if (![PULL_NOT_FOUND, PULL_RETRY_IMMEDIATELY, PULL_OFFSET_MOVED].includes(code)) {
      throw new Error(`pull answered ${code}: ${remark}`);
    }
    const begin = Number(extFields.nextBeginOffset);
    if (begin <= next) throw new Error(`the pull stands at ${next} of ${total} (${code}: ${remark})`);
    next = begin;
  }
  return offsets;
}

const TAGS = [undefined, 'A', 'B', "O'Brien"];
const ENVIRONMENTS = [undefined, 'gray', 'blue', 'gray-2'];
const NUMBERS = [undefined, '1', '2', '10'];

beforeAll(async () => {
  rocketmq = await takeRocketmq();
  await rocketmq.createTopic(topic, { queues: 1 });
  await rocketmq.createGroup(GROUP);
  broker = remotingConnection(rocketmq.brokerAddress);
  for (const tag of TAGS) {
    for (const environment of ENVIRONMENTS) {
      for (const number of NUMBERS) {
        const properties: Record<string, string> = {};
        if (tag !== undefined) properties.TAGS = tag;
        if (environment !== undefined) properties.gray_tag = environment;
        if (number !== undefined) Object.assign(properties, { a: number, b: number === '10' ? 'x' : 'y' });
        await send(properties);
      }
    }
  }
  await allInQueue();
});

afterAll(async () => {
  broker?.close();
  await rocketmq?.stop();
});

const conditions = [isTagged(OWN, 'gray'), isTagged(OWN, 'gray-2'), isUntagged(OWN), isNoneOf(OWN, ['gray', 'blue'])];

const comparison = fc.constantFrom(
  'a = 1',
  'a > 1',
  'a >= 2',
  'a <> 1',
  'a BETWEEN 1 AND 5',
  "b = 'x'",
  "b IN ('x', 'z')",
  "b NOT IN ('x')",
  'a IS NULL',
  'a IS NOT NULL',
  "TAGS = 'A'",
  "TAGS IN ('A', 'B')",
  "TAGS = 'O''Brien'",
  "gray_tag = 'blue'",
  "b = ')'",
  "b = '-- not a comment'",
  "b CONTAINS 'x'",
);
const { sql } = fc.letrec<{ sql: string }>(tie => ({
  sql: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    comparison,
    fc.tuple(tie('sql'), fc.constantFrom('AND', 'OR', 'or'), tie('sql')).map(([l, op, r]) => `${l} ${op} ${r}`),
    tie('sql').map(inner => `(${inner})`),
    tie('sql').map(inner => `NOT (${inner})`),
    tie('sql').map(inner => `/* ) */ ${inner}`),
    tie('sql').map(inner => `${inner} -- (\n`),
  ),
}));
const tagExpression = fc.oneof(
  fc.constantFrom('*', '', 'A', 'C', ' A ', 'A||B', ' || ', "O'Brien", 'A || *'),
  fc.array(fc.constantFrom('A', 'B', 'C', "O'Brien"), { minLength: 1, maxLength: 4 }).map(tags => tags.join(' || ')),
);
/** Mostly broken: pieces of expressions in any order. */
const broken = fc
  .array(fc.constantFrom('a = 1', 'OR', 'AND', '(', ')', "'", '--', '/*', '*/', "b = 'x'", '\n', 'NOT'), {
    maxLength: 8,
  })
  .map(pieces => pieces.join(' '));

/** What `message` says of a filter, of each message: it knows, or says that it does not. */
async function sameAsEvaluated(expression: string): Promise<boolean> {
  const got = new Set(await delivered({ type: 'SQL92', expression }));
  const evaluated = held.map(properties => selectsMessage(expression, properties));
  for (const [offset, isSelected] of evaluated.entries()) {
    if (isSelected !== undefined)
      expect([expression, held[offset], isSelected]).toEqual([expression, held[offset], got.has(offset)]);
  }
  return evaluated.every(isSelected => isSelected !== undefined);
}

async function sameAsBoth(user: FilterExpression, condition: string): Promise<void> {
  const composed = await delivered(both(user, condition));
  const wanted = await delivered(user);
  const inEnvironment = new Set(await delivered({ type: 'SQL92', expression: condition }));
  expect(composed).toEqual(wanted?.filter(offset => inEnvironment.has(offset)));
}

describe('a composed filter', () => {
  it('knows the messages that the broker holds', async () => {
    expect(await delivered({ type: 'TAG', expression: '*' })).toHaveLength(64);
    expect(await delivered({ type: 'SQL92', expression: isTagged(OWN, 'gray') })).toHaveLength(16);
    expect(await delivered({ type: 'SQL92', expression: isUntagged(OWN) })).toHaveLength(16);
    expect(await delivered({ type: 'SQL92', expression: isNoneOf(OWN, ['gray', 'blue']) })).toHaveLength(32);
    expect(await delivered({ type: 'SQL92', expression: 'a = ' })).toBeUndefined();
  });

  it('delivers what the user asked for within the environment (SQL92)', async () => {
    await fc.assert(
      fc.asyncProperty(sql, fc.constantFrom(...conditions), (expression, condition) =>
        sameAsBoth({ type: 'SQL92', expression }, condition),
      ),
      { numRuns: 150 },
    );
  });

  it('delivers what the user asked for within the environment (tags)', async () => {
    await fc.assert(
      fc.asyncProperty(tagExpression, fc.constantFrom(...conditions), (expression, condition) =>
        sameAsBoth({ type: 'TAG', expression }, condition),
      ),
      { numRuns: 60 },
    );
  });

  // The broker's parser ignores what follows a complete expression, such as the second half of `a = 1 a = 1`. As one
  // operand of ours that is refused: loud, and nothing of another environment gets through.
  it('is refused where the user expression is, and never delivers more than it should', async () => {
    await fc.assert(
      fc.asyncProperty(broken, fc.constantFrom(...conditions), async (expression, condition) => {
        const composed = both({ type: 'SQL92', expression }, condition);
        if ((await delivered(composed)) !== undefined) await sameAsBoth({ type: 'SQL92', expression }, condition);
      }),
      {
        numRuns: 300,
        examples: [
          ['a = 1) OR (b = 2', conditions[0] as string],
          ["a = 1 -- '", conditions[0] as string],
        ],
      },
    );
  });

  it('keeps the meaning of an expression that the broker cuts at a closing parenthesis', async () => {
    await sameAsBoth({ type: 'SQL92', expression: "a = 1) OR (b = 'x'" }, isTagged(OWN, 'gray'));
    await sameAsBoth({ type: 'SQL92', expression: "a = 1 OR b = 'x') OR ((a = 2" }, isUntagged(OWN));
  });
});

describe('a filter that is evaluated without a broker', () => {
  it('selects what the broker delivers, or says that it does not know', async () => {
    let known = 0;
    const property = fc.asyncProperty(sql, async expression => {
      if (await sameAsEvaluated(expression)) known++;
    });
    await fc.assert(property, { numRuns: 200 });
    expect(known).toBeGreaterThan(150);
  });

  it.each([
    isTagged(OWN, 'gray'),
    isUntagged(OWN),
    isNoneOf(OWN, ['gray', 'blue']),
    isNotSelectedBy({ type: 'TAG', expression: 'A' }),
    both({ type: 'TAG', expression: 'A || B' }, isTagged(OWN, 'gray')).expression,
    both({ type: 'SQL92', expression: "a > 1 OR b = 'x'" }, isUntagged(OWN)).expression,
    "b STARTSWITH 'x'",
    "b NOT ENDSWITH 'x'",
    'a NOT BETWEEN 1 AND 2',
    "gray_tag <> 'gray'",
  ])('knows %s', async expression => {
    expect(await sameAsEvaluated(expression)).toBe(true);
  });

  it.each(['a = ', 'b > 1', "b > 'a'", 'NOT a = 1', "a = 1) OR (b = 'x'", 'a + 1 = 2'])(
    'does not know %s',
    expression => {
      expect(held.map(properties => selectsMessage(expression, properties))).toContain(undefined);
    },
  );
});

describe('a filter that is divided by another one', () => {
  const filter: fc.Arbitrary<FilterExpression> = fc.oneof(
    sql.map(expression => ({ type: 'SQL92' as const, expression })),
    tagExpression.map(expression => ({ type: 'TAG' as const, expression })),
  );

  it('delivers each message in one of the two parts, whatever properties it lacks', async () => {
    await fc.assert(
      fc.asyncProperty(filter, filter, async (whole, divisor) => {
        const first = isSelectedBy(divisor);
        const common = await delivered(first === undefined ? whole : both(whole, first));
        const rest = await delivered(both(whole, isNotSelectedBy(divisor)));
        const parts = [...(common ?? []), ...(rest ?? [])].sort((a, b) => a - b);
        expect(parts).toEqual(await delivered(whole));
        const selected = new Set(await delivered(divisor));
        expect(common?.every(offset => selected.has(offset))).toBe(true);
        expect(rest?.some(offset => selected.has(offset))).toBe(false);
      }),
      { numRuns: 150 },
    );
  });

  // A broker's evaluation fails where text that is no number is compared with one: then the whole filter selects nothing.
  it('delivers in no part a message on which the other filter fails', async () => {
    const divisor: FilterExpression = { type: 'SQL92', expression: 'b > 1' };
    const everything: FilterExpression = { type: 'TAG', expression: '*' };
    const rest = await delivered(both(everything, isNotSelectedBy(divisor)));
    expect(rest).toEqual(await delivered({ type: 'SQL92', expression: 'b IS NULL' }));
  });
});

/**
 * Messages with baggage: the client reads a tag exactly where a filter selects it. What is sent here is all that the queue of
 * this topic holds.
 */
describe('a condition on baggage', () => {
  const CARRIED = { key: 'gray_tag', hasBaggage: true };
  const TAGGED = ['gray', 'blue', 'gray-2', 'Gray'];
  const { extract } = createMessagePropagation({ key: 'gray_tag', interop: ['otel'] });
  let sent: Record<string, string>[] = [];
  const texts = (filter: string) => ({ type: 'SQL92' as const, expression: filter });

  beforeAll(async () => {
    topic = 'BAGGAGE';
    total = 0;
    held.length = 0;
    await rocketmq.createTopic(topic, { queues: 1 });
    const member = fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom(...TAGGED).map(tag => `gray_tag=${tag}`) },
      { weight: 1, arbitrary: fc.constantFrom('gray_tag=', 'gray_tag', 'gray_tag=%67ray', 'gray_tag = gray') },
      {
        weight: 2,
        arbitrary: fc.constantFrom('a=1', 'x_gray_tag=gray', 'a=gray_tag=gray', 'gray_tagx=gray', 'b=gray'),
      },
    );
    const ending = fc.constantFrom('', '', '', ';p', ';p=gray_tag=gray', ' ', '2');
    const gap = fc.constantFrom(',', ',', ', ', ' ,', ',  ', ';');
    const others = fc.constantFrom('a=1', 'x_gray_tag=gray', 'a=gray_tag=gray', 'b=2;p=q');
    // The key once, as the specification has it: which of two counts is no filter's to say.
    const baggage = fc
      .tuple(fc.array(others, { maxLength: 2 }), member, ending, fc.array(others, { maxLength: 2 }), gap)
      .map(([before, one, end, behind, between]) => [...before, one + end, ...behind].join(between));
    const messages = fc.record({ gray_tag: fc.constantFrom(...TAGGED, 'a_b'), baggage }, { requiredKeys: [] });
    sent = [
      {},
      { baggage: 'gray_tag=gray' },
      { gray_tag: 'blue', baggage: 'gray_tag=gray' },
      ...fc.sample(messages, { numRuns: 400, seed: 7 }),
    ].map(message => message as Record<string, string>);
    for (const properties of sent) await send(properties);
    await allInQueue();
  });

  /** Queue offsets of the messages of which this is true. */
  const those = (isOne: (tag: string | undefined, message: Record<string, string>) => boolean) =>
    sent.flatMap((message, offset) => (isOne(extract(new Map(Object.entries(message))), message) ? [offset] : []));

  it.each(TAGGED)('selects the messages of %s, and no others', async tag => {
    const filter = texts(isTagged(CARRIED, tag));
    const wanted = those(read => read === tag);
    expect(await delivered(filter)).toEqual(wanted);
    // There are some in each form.
    expect(wanted.length).toBeGreaterThan(20);
    expect(impliedTag(filter, 'gray_tag')).toBe(tag);
  });

  it('of the baseline selects all others', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(fc.constantFrom(...TAGGED), { minLength: 1 }), async tags => {
        const left = await delivered(texts(isNoneOf(CARRIED, tags)));
        expect(left).toEqual(those(read => read === undefined || !tags.includes(read)));
      }),
      { numRuns: 15 },
    );
  });

  it('of a baseline that takes none selects what names none, where that is not malformed', async () => {
    const isNamed = ({ gray_tag, baggage = '' }: Record<string, string>) =>
      gray_tag !== undefined || /(^|, ?)gray_tag=/.test(baggage);
    const left = await delivered(texts(isUntagged(CARRIED)));
    expect(left).toEqual(those((_tag, message) => !isNamed(message)));
  });

  it('joins what the user asked for', async () => {
    for (const condition of [isTagged(CARRIED, 'gray'), isNoneOf(CARRIED, ['gray']), isUntagged(CARRIED)]) {
      await sameAsBoth({ type: 'SQL92', expression: "baggage CONTAINS 'a=1' OR gray_tag = 'blue'" }, condition);
    }
  });
});
