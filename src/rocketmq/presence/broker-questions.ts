/** Asks servers who is there: each question once at a time, with what is remembered of former answers. */
import { errorText } from '../../foreign-objects/error-text';
import { BrokerAdministrationError } from '../administration/refusal';
import type { Clock } from '../remoting/clock';
import type { BrokerLink } from './broker-link';
import { MEMORY_MS, type Memory, remember, type Source } from './memory';
import type { WatchedBroker } from './watched-brokers';

/** A server's answer to a question: who is there, of those that the question is about. */
export type Question = (link: BrokerLink) => Promise<readonly string[]>;

/** Who is asked. */
export interface AskedServer extends WatchedBroker {
  /** How long after a connection to it was lost its clients may not have come back; absent: as long as to a broker. */
  readonly settlingMs?: number;
}

export interface Asked extends Source {
  readonly problem: string | undefined;
  /** Set when the server refused to answer. */
  readonly isRefused: boolean;
}

export interface BrokerQuestions {
  /** Asks one server, unless it is being asked, or has just been. @param name of the question. Never rejects. */
  ask(server: AskedServer, name: string, question: Question): Promise<Asked>;
  /** Drops what was remembered for too long. */
  forgetOld(): void;
}

/** Within a round, those who ask the same get the same answer. */
const ROUND_MS = 400;

export function brokerQuestions(clock: Pick<Clock, 'now'>, linkTo: (address: string) => BrokerLink): BrokerQuestions {
  /** By the server's name and the question. */
  const memories = new Map<string, Memory>();
  const underWay = new Map<string, Promise<Asked>>();

  async function answerTo(key: string, { address, settlingMs }: AskedServer, question: Question): Promise<Asked> {
    try {
      const link = linkTo(address);
      const names = await question(link);
      const { connectedAt } = link;
      const memory = remember(memories.get(key), { names, at: clock.now(), connectedAt, settlingMs });
      memories.set(key, memory);
      return { answered: true, memory, problem: undefined, isRefused: false };
    } catch (error) {
      return {
        answered: false,
        memory: memories.get(key),
        problem: errorText(error),
        isRefused: error instanceof BrokerAdministrationError,
      };
    }
  }

  return {
    ask(server, name, question) {
      const key = `${server.name} ${name}`;
      const answering = underWay.get(key);
      if (answering !== undefined) return answering;
      const memory = memories.get(key);
      if (memory !== undefined && clock.now() - memory.answeredAt < ROUND_MS) {
        return Promise.resolve({ answered: true, memory, problem: undefined, isRefused: false });
      }
      const asked = answerTo(key, server, question).finally(() => underWay.delete(key));
      underWay.set(key, asked);
      return asked;
    },
    forgetOld() {
      for (const [key, { answeredAt }] of memories) {
        if (clock.now() - answeredAt > MEMORY_MS) memories.delete(key);
      }
    },
  };
}
