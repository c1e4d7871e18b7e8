/** 3xx: RocketMQ consumers, their groups and filters. */
import { line, NOTHING } from './line';

interface Created {
  readonly group: string;
  readonly brokers: string;
  readonly baselineGroup: string;
}

interface Refused {
  readonly broker: string;
  readonly group: string;
  readonly topic: string;
  readonly filter: string;
  readonly problem: string;
}

const SET_PROPERTY_FILTER =
  'Set `enablePropertyFilter=true` on the brokers, unless the client cannot (the line says which).';

/** What to do by hand for a group that the agent could not make ready. */
export const groupHint = ({ group, problem, command }: { group: string; problem: string; command: string }) =>
  `consumer group ${group} could not be prepared (${problem}); unless it exists, create it: ${command}`;

// In each bundle: a text.
const HINT = groupHint({ group: '<group>', problem: '<problem>', command: '<command>' });

// In each bundle: texts, of which nothing is written.
export const groupLines = {
  subscribed: line('GRAY-301', 'info', {
    words: ({ consumer, filters }: { consumer: string; filters: string }) =>
      filters === '' ? consumer : `${consumer}, ${filters}`,
    meaning: "The group that a consumer joins, and what it asks of each topic. A canary's shows both groups.",
    remedy: NOTHING,
  }),
  created: line('GRAY-302', 'info', {
    words: ({ group, brokers, baselineGroup, queues }: Created & { readonly queues: number }) => {
      const start = queues === 0 ? 'which has no offsets yet' : `its offsets on ${queues} queues`;
      return `${group} created on ${brokers}: settings of ${baselineGroup}, ${start}`;
    },
    meaning: "The agent made the canary's group, which begins where the baseline's group stands.",
    remedy: NOTHING,
  }),
  notPrepared: line('GRAY-303', 'warn', {
    words: ({ hint }: { group: string; hint: string }) => hint,
    shown: HINT,
    once: ({ group }) => group,
    meaning:
      "The canary's group could not be made ready on some broker, or on none. On none, the baseline does not know of the canary and takes its messages as well. It is tried again every 30 s; GRAY-305 says that it is over.",
    remedy: 'Put right what the line names, or run the command that it ends with.',
  }),
  notPreparedYet: line('GRAY-304', 'debug', {
    words: ({ hint }: { hint: string }) => hint,
    shown: HINT,
    meaning: 'The same for a consumer that subscribes to nothing yet. It is tried again with its first subscription.',
    remedy: NOTHING,
  }),
  readyNow: line('GRAY-305', 'info', {
    words: ({ group, where, told }: { group: string; where: string; told: string }) =>
      `${group} is ready ${where}${told}`,
    meaning: 'What GRAY-303 said is over, or over on some brokers.',
    remedy: NOTHING,
  }),
  missing: line('GRAY-306', 'warn', {
    words: ({ endpoint, group, help }: { endpoint: string; group: string; help: string }) =>
      `the RocketMQ at ${endpoint} has no consumer group ${group}, and this canary's consumer does not start until it has${help}`,
    once: ({ group }) => group,
    meaning: 'The client waits for its group.',
    remedy: 'Create the group, or give the agent the name servers (`GRAY_MQ_NAMESRV`).',
  }),
  createdAlone: line('GRAY-307', 'info', {
    words: ({ group, brokers, baselineGroup }: Created) =>
      `${group} created on ${brokers}: settings of the brokers themselves, since ${baselineGroup} does not exist there`,
    meaning: "The agent made the canary's group on brokers where the baseline's group does not exist.",
    remedy:
      "Nothing, if the baseline has never run and the brokers create groups by themselves. Else create the baseline's group first.",
  }),
  baselineMissing: line('GRAY-308', 'warn', {
    words: ({ group, brokers, command }: { group: string; brokers: string; command: string }) =>
      `consumer group ${group} does not exist on ${brokers}: its consumers get no messages from there. Create it: ${command}`,
    once: ({ group }) => group,
    meaning:
      "The group of a baseline's consumer is missing twenty seconds after its start, on brokers that create no groups by themselves. A canary's group cannot begin where it stands.",
    remedy: 'Run the command that the line ends with.',
  }),
  filterNotChecked: line('GRAY-309', 'debug', {
    words: ({ group, problem }: { group: string; problem: string }) =>
      `the filter of ${group} could not be checked: ${problem}`,
    meaning: 'A broker did not say whether it takes the filter. The client finds out by itself.',
    remedy: NOTHING,
  }),
  filterRefused: line('GRAY-310', 'warn', {
    words: ({ broker, group, topic, filter, problem }: Refused) =>
      `${broker} does not take the filter of ${group} on ${topic}, ${filter} (${problem})`,
    once: ({ group, topic }) => `${group} ${topic}`,
    meaning: 'What the application subscribes to cannot be a part of an SQL92 filter.',
    remedy: 'Correct the expression of the subscription.',
  }),
  filteredInClient: line('GRAY-311', 'warn', {
    words: ({ reason }: { reason: string }) =>
      `messages are told apart in the client, so every environment receives all messages and skips those of the others: ${reason}`,
    once: 'process',
    meaning: 'It works, and costs more: each environment receives all messages.',
    remedy: SET_PROPERTY_FILTER,
  }),
  brokerCannotFilter: line('GRAY-312', 'error', {
    words: ({ reason, remedy }: { reason: string; remedy: string }) =>
      `${reason}, and GRAY_MQ_FILTER_SIDE=broker leaves it to the broker: ${remedy}, or GRAY_MQ_FILTER_SIDE=auto`,
    once: 'process',
    meaning:
      'The consumer gets no messages: the brokers refuse its filter, and the client may not skip messages itself.',
    remedy: 'Do what the line says.',
  }),
  clientCannotFilter: line('GRAY-313', 'error', {
    words: ({ reason }: { reason: string }) => `${reason}: GRAY_MQ_FILTER_SIDE must be client or auto, not broker`,
    meaning: 'The constructor of the consumer throws this (`FilterSideError`).',
    remedy: 'Set `GRAY_MQ_FILTER_SIDE` to `client` or `auto`.',
  }),
  blindConsumer: line('GRAY-314', 'error', {
    words: ({ blindness, whose, group }: { blindness: string; whose: string; group: string }) =>
      `${blindness}, so nobody can tell which ${whose}: the consumer of ${group} is not made`,
    once: ({ group }) => group,
    meaning: 'The constructor of the consumer throws this (`BlindConsumerError`): it cannot read the tag of a message.',
    remedy: 'Build the client [with the patch](apache-rocketmq.md).',
  }),
  blindBaseline: line('GRAY-315', 'warn', {
    words: ({ blindness, group }: { blindness: string; group: string }) =>
      `${blindness}: consumers of ${group} handle messages of canaries as if they had no tag`,
    once: ({ group }) => group,
    meaning: 'The same where the baseline takes every message anyway. Calls made for such a message are not gray.',
    remedy: 'Build the client [with the patch](apache-rocketmq.md).',
  }),
  similarTags: line('GRAY-316', 'warn', {
    words: ({ former, tag }: { former: string; tag: string }) =>
      `${former} and ${tag} are in use: they are two environments, since upper and lower case count in tags`,
    once: ({ former, tag }) => [former, tag].sort().join(),
    meaning: 'Somebody probably misspelled a tag.',
    remedy: 'Give all instances and requests of an environment the same tag, letter by letter.',
  }),
  heartbeatFailed: line('GRAY-317', 'debug', {
    words: ({ group, problem }: { group: string; problem: string }) =>
      `a heartbeat with the filter of ${group} failed: ${problem}`,
    meaning: "A broker was not told at once that a filter changed. The client's next heartbeat tells it.",
    remedy: NOTHING,
  }),
  noCopies: line('GRAY-319', 'error', {
    words: ({ group, problem }: { group: string; problem: string }) =>
      `GRAY_MQ_ALSO=baseline: the consumer of ${group} cannot get copies of untagged messages: ${problem}`,
    meaning:
      'The process ends: it would run without what was asked for. With `GRAY_ON_FAILURE=continue` it goes on without copies.',
    remedy: 'Do what the line says, or remove `GRAY_MQ_ALSO`.',
  }),
  copiesNotStarted: line('GRAY-320', 'warn', {
    words: ({ copiesGroup, problem }: { copiesGroup: string; problem: string }) =>
      `${copiesGroup}: no copies of untagged messages so far: ${problem}`,
    once: ({ copiesGroup }) => copiesGroup,
    meaning:
      "The group for copies could not be made ready, or its consumer not be started. It is tried again every 5 s. The canary's own messages are not concerned.",
    remedy: 'Put right what the line names, or create the group by hand as any other.',
  }),
  copiesBegin: line('GRAY-321', 'info', {
    words: ({ copiesGroup, where }: { copiesGroup: string; where: string }) =>
      `${copiesGroup}: copies of untagged messages from ${where} on`,
    meaning: 'The consumer for copies is about to start.',
    remedy: NOTHING,
  }),
  paused: line('GRAY-318', 'warn', {
    words: ({ hint }: { group: string; hint: string }) => hint,
    once: ({ group }) => group,
    shown: '<group> may not consume on <brokers> (consumeEnable=false); to switch it on: <command>',
    meaning: "Somebody paused the canary's group. This canary gets no messages; the baseline takes them.",
    remedy: 'Run the command that the line ends with. See [pausing](#pausing-replaying-and-dead-letters).',
  }),
};
