import { plural } from '../cluster/amounts';
import { isKnown } from '../cluster/answer';
import { type Check, notKnown } from './check';
import type { BrokerPicture, DoctorPicture } from './doctor-picture';

/** PermName.java */
const READ = 4;
const WRITE = 2;

export function topicChecks(picture: DoctorPicture): Check[] {
  return [topicCheck(picture)];
}

function topicCheck({ topic, question, brokers, proxy }: DoctorPicture): Check {
  const check = { check: 'topic', subject: question.topic };
  const namesrv = question.namesrv ?? '<name server>';
  if (!isKnown(topic)) return notKnown(check, topic);
  if (topic.value === undefined) {
    const clusters = [...new Set(brokers.map(({ broker }) => broker.cluster))];
    const cluster = clusters.length === 1 ? clusters[0] : '<cluster>';
    const command = `mqadmin updateTopic -n '${namesrv}' -c ${cluster} -t ${question.topic} -r 8 -w 8`;
    const attribute =
      proxy === undefined ? [] : ['gRPC clients: with -a +message.type=NORMAL (or FIFO, DELAY, TRANSACTION)'];
    return { ...check, verdict: 'fail', finding: 'does not exist', remedies: [command, ...attribute] };
  }
  const finding = topic.value
    .map(({ broker, readQueues, writeQueues }) =>
      readQueues === writeQueues
        ? `${plural(readQueues, 'queue')} on ${broker}`
        : `${plural(readQueues, 'queue')} to read and ${writeQueues} to write on ${broker}`,
    )
    .join(', ');
  const closed = topic.value.filter(({ perm }) => (perm & READ) === 0 || (perm & WRITE) === 0);
  if (closed.length === 0) return { ...check, verdict: 'ok', finding };
  return {
    ...check,
    verdict: closed.length === topic.value.length ? 'fail' : 'warn',
    finding: `${finding}; not to be read and written on ${closed.map(({ broker, perm }) => `${broker} (perm ${perm})`).join(', ')}`,
    remedies: closed.map(
      ({ broker }) =>
        `mqadmin updateTopicPerm -n '${namesrv}' -b ${addressOf(brokers, broker)} -t ${question.topic} -p ${READ | WRITE}`,
    ),
  };
}

function addressOf(brokers: readonly BrokerPicture[], name: string): string {
  return brokers.find(({ broker }) => broker.name === name)?.broker.address ?? `<address of ${name}>`;
}
