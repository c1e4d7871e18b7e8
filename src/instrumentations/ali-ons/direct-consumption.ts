/**
 * A message that one member of a group has another handle: the broker's command CONSUME_MESSAGE_DIRECTLY, which the console
 * and `mqadmin` use to have a message handled again (AdminBrokerProcessor#consumeMessageDirectly, 4.5.2 to 5.5.0). The client
 * itself does not answer it; stand-ins do.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { LibraryCopy } from '../../agent/instrumentation';
import { isStandInId } from '../../rocketmq/presence/consumer-client-id';
import type { Message, Settle } from './message';

/** `RequestCode` */
const CONSUME_MESSAGE_DIRECTLY = 309;
/** `ResponseCode` */
const SUCCESS = 0;
/** How long a broker may take to say who is in a group, ms. */
const MEMBERS_MS = 3_000;
/** A broker itself waits 10 s for the member's answer (Broker2Client#callClient). The client closes a connection that is late. */
const ANSWER_MS = 15_000;
/** How long it is known how a message ended whose asker may have heard no answer, ms: it is asked for again after 30 s. */
const KEPT_MS = 60_000;

/** `CMResult` */
type Result = 'CR_SUCCESS' | 'CR_LATER' | 'CR_THROW_EXCEPTION' | 'CR_RETURN_NULL';

/** How it went: handled; the handler failed; or nobody has begun, or may still be at it. */
export interface Asked {
  readonly outcome: 'handled' | 'failed' | 'nobody';
  /** What was in the way, with `nobody`. */
  readonly problem?: string;
}

interface Command {
  readonly code: number;
  readonly opaque: number;
  readonly remark?: string | null;
  readonly extFields?: Readonly<Record<string, string>>;
  body?: Buffer | null;
}

/** `MQClient` */
export interface DirectClient {
  findBrokerAddressInPublish(brokerName: string): string | undefined;
  getConsumerIdListByGroup(address: string, group: string, timeoutMs: number): unknown;
  invoke(address: string, command: unknown, timeoutMs: number): unknown;
}

/** A message as it is stored in a broker. */
export interface StoredMessage extends Message {
  /** Set for one of a retry topic: the topic that it came from. */
  readonly retryTopic?: string;
}

export interface Means {
  readonly settle: Settle;
  readonly copy: LibraryCopy;
}

/** Asks the stand-ins of the group, one after the other, to handle `message`. Never rejects. */
export async function consumeByStandIn(
  client: DirectClient,
  group: string,
  message: Message,
  brokerName: string,
  { settle, copy }: Means,
): Promise<Asked> {
  try {
    const address = client.findBrokerAddressInPublish(brokerName);
    if (address === undefined) return { outcome: 'nobody', problem: `${brokerName} is away` };
    const members = await settle<string[] | undefined>(client.getConsumerIdListByGroup(address, group, MEMBERS_MS));
    // Always in the same order: a stand-in knows what it has been asked for before.
    for (const clientId of (members ?? []).filter(isStandInId).sort()) {
      const header = { consumerGroup: group, clientId, msgId: message.msgId, brokerName };
      const request = remotingCommand(copy).createRequestCommand(CONSUME_MESSAGE_DIRECTLY, header);
      const { code, remark, body } = await settle<Command>(client.invoke(address, request, ANSWER_MS));
      // It may have begun all the same.
      if (code !== SUCCESS) return { outcome: 'nobody', problem: `${clientId}: ${remark}` };
      const { consumeResult } = JSON.parse(String(body)) as { readonly consumeResult?: Result };
      if (consumeResult === 'CR_SUCCESS') return { outcome: 'handled' };
      if (consumeResult === 'CR_LATER' || consumeResult === 'CR_THROW_EXCEPTION') return { outcome: 'failed' };
    }
    return { outcome: 'nobody' };
  } catch (error) {
    return { outcome: 'nobody', problem: String(error) };
  }
}

/** `tcp-base` gives a request of a broker as it was decoded. */
export type RequestListener = (request: { readonly data: Command }, address: string) => void;

/** A client that gets requests of brokers. */
export interface AskedClient {
  on(event: 'request', listener: RequestListener): void;
  getAndCreateChannel(address: string): { invokeOneway(command: unknown): unknown };
}

/**
 * Has `client` answer the command.
 *
 * @param consume handles a message of a group; false: it has not begun. Rejects with what the handler rejects with
 */
export function answerDirectConsumption(
  client: AskedClient,
  { settle, copy }: Means,
  consume: (group: string, message: StoredMessage) => Promise<boolean>,
  onProblem: (error: unknown) => void,
): void {
  const ends = rememberedEnds();
  const answer = async ({ opaque, extFields, body }: Command, address: string) => {
    const startedAt = Date.now();
    const group = extFields?.consumerGroup ?? '';
    const message = decoded(body, copy);
    const end =
      message === undefined
        ? { consumeResult: 'CR_RETURN_NULL' as const, remark: 'the message cannot be read' }
        : await ends.of(keyOf(group, message), () => endOf(consume(group, message)));
    const response = remotingCommand(copy).createResponseCommand(SUCCESS, opaque, 'ok');
    const spentTimeMills = Date.now() - startedAt;
    response.body = Buffer.from(JSON.stringify({ order: false, autoCommit: true, ...end, spentTimeMills }));
    await settle(client.getAndCreateChannel(address).invokeOneway(response));
  };
  client.on('request', ({ data }, address) => {
    if (data.code === CONSUME_MESSAGE_DIRECTLY) answer(data, address).catch(onProblem);
  });
}

interface End {
  readonly consumeResult: Result;
  readonly remark?: string;
}

async function endOf(consumed: Promise<boolean>): Promise<End> {
  try {
    return { consumeResult: (await consumed) ? 'CR_SUCCESS' : 'CR_RETURN_NULL' };
  } catch (error) {
    return { consumeResult: 'CR_THROW_EXCEPTION', remark: String(error) };
  }
}

/**
 * How messages ended. One that is asked for again while it is being handled, or soon after, is not handled twice: a broker that
 * waited too long has told its asker nothing.
 */
function rememberedEnds() {
  const ends = new Map<string, Promise<End>>();
  return {
    of(key: string, begin: () => Promise<End>): Promise<End> {
      const known = ends.get(key);
      if (known !== undefined) return known;
      const end = begin();
      ends.set(key, end);
      void end
        .then(({ consumeResult }) =>
          consumeResult === 'CR_RETURN_NULL' ? undefined : sleep(KEPT_MS, undefined, { ref: false }),
        )
        .then(() => ends.delete(key));
      return end;
    },
  };
}

/** One attempt at a message: a retry that is put back keeps its number of attempts and gets another place. */
function keyOf(group: string, { properties, msgId, reconsumeTimes }: StoredMessage): string {
  const { ORIGIN_MESSAGE_ID, UNIQ_KEY } = properties;
  return JSON.stringify([group, ORIGIN_MESSAGE_ID ?? UNIQ_KEY ?? msgId, reconsumeTimes]);
}

function decoded(body: Buffer | null | undefined, copy: LibraryCopy): StoredMessage | undefined {
  if (!body) return undefined;
  const [message] = copy.require('lib/message/message_decoder.js').decodes(copy.requireDependency('byte').wrap(body));
  return message as StoredMessage | undefined;
}

interface RemotingCommandClass {
  createRequestCommand(code: number, header: object): object;
  createResponseCommand(code: number, opaque: number, remark: string): { body: Buffer | null };
}

function remotingCommand(copy: LibraryCopy): RemotingCommandClass {
  return copy.require('lib/protocol/command/remoting_command.js') as unknown as RemotingCommandClass;
}
