/** 5xx: single messages. Lines that come with each message are made only where they are printed (`Log.isDebug`). */
import { line, NOTHING } from './line';

interface OneMessage {
  readonly group: string;
  readonly topic: string;
  readonly id: string;
}

interface RefusedMessage {
  readonly topic: string;
  readonly tag: string;
  /** The server's own words. */
  readonly problem: string;
  readonly orElse: string;
}

// In each bundle: texts, of which nothing is written.
export const messageLines = {
  skipped: line('GRAY-501', 'debug', {
    words: ({ group, topic, id, tag }: OneMessage & { readonly tag: string | undefined }) =>
      `${group}: message ${id} of ${topic} is skipped, its tag is ${tag ?? 'none'}`,
    meaning: 'The client got a message of another environment. The application does not see it.',
    remedy: NOTHING,
  }),
  givenBack: line('GRAY-502', 'debug', {
    words: ({ group, topic, id }: OneMessage) => `message ${id} of ${topic} was given back to ${group}`,
    meaning:
      'A consumer that leaves got it, and did not hand it to the application. It comes again, to another consumer.',
    remedy: NOTHING,
  }),
  notGivenBack: line('GRAY-503', 'debug', {
    words: ({ group, topic, id }: OneMessage) =>
      `message ${id} of ${topic} could not be given back to ${group}: it comes again when its invisible time is over`,
    meaning: 'The broker did not take it back. It comes again all the same, later.',
    remedy: NOTHING,
  }),
  leftToOthers: line('GRAY-504', 'debug', {
    words: ({ group, topic, id }: OneMessage) =>
      `message ${id} of ${topic} was pulled and is left to the other members of ${group}`,
    meaning: 'A consumer that leaves, or gives up a queue, had not begun to handle it. Its offset is not committed.',
    remedy: NOTHING,
  }),
  keptBack: line('GRAY-505', 'debug', {
    words: ({ group, topic, id }: OneMessage) =>
      `${group}: message ${id} of ${topic} is kept back until the application receives again`,
    meaning: 'A pull consumer got more than the application had asked for. What is kept for too long is given back.',
    remedy: NOTHING,
  }),
  skippedNotAcknowledged: line('GRAY-506', 'debug', {
    words: ({ group, topic, id, problem }: OneMessage & { readonly problem: string }) =>
      `${group}: message ${id} of ${topic} was skipped and not acknowledged: ${problem}`,
    meaning: 'It comes again, and is skipped again.',
    remedy: NOTHING,
  }),
  separators: line('GRAY-507', 'warn', {
    words: ({ topic }: { topic: string }) =>
      `apache-rocketmq: keys or tags of a message to ${topic} held separators of message properties (\\x01, \\x02) and were sent without them, or they would have set properties`,
    once: 'process',
    meaning: 'The application puts control characters into keys or tags.',
    remedy: 'Check what the application takes for keys and tags, above all where it comes from outside.',
  }),
  tagRefused: line('GRAY-508', 'error', {
    words: ({ topic, tag, problem, orElse }: RefusedMessage) =>
      `a message of ${tag} to ${topic} was refused (${problem}): its properties and the tag are too much together; without the tag it would be the baseline's, so it is not sent; leave a property out${orElse}`,
    once: ({ topic }) => topic,
    meaning: 'The application got the error, and nothing was sent.',
    remedy: 'Leave a property out, or raise the limits of the proxy (`userPropertyMaxNum`, `maxUserPropertySize`).',
  }),
};
