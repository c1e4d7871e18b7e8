/** 4xx: who takes the messages of a canary. One line for each change. */
import { line, NOTHING } from './line';

/** A tag of a consumer of the baseline. */
interface Topic {
  readonly group: string;
  readonly topic: string;
  readonly tag: string;
  readonly canaryGroup: string;
}

type StandIn = Pick<Topic, 'canaryGroup' | 'tag'>;

interface Failed {
  readonly canaryGroup: string;
  readonly problem: string;
}

const AS_ALL =
  'the baseline takes the messages of every tag that is not in GRAY_MQ_IGNORE_TAGS, as with GRAY_MQ_BASELINE=all';
const SET_NAMESRV = 'Set `GRAY_MQ_NAMESRV`. See the [limits](limits.md#modes-and-name-servers).';
const LET_IT_ASK = 'Look for brokers and name servers that do not answer, and for the [rights](#what-auto-mode-needs).';

// In each bundle: texts, of which nothing is written.
export const handOverLines = {
  leftToCanary: line('GRAY-401', 'info', {
    words: ({ group, topic, tag, canaryGroup, reason }: Topic & { readonly reason: string }) =>
      `${group}, ${topic}: ${tag} is managed (${reason}), its messages are those of ${canaryGroup}`,
    meaning:
      "This process's consumer leaves them to the canary's group: the tag is declared, its canary is there, it is marked, or its messages come again.",
    remedy: NOTHING,
  }),
  standInOn: line('GRAY-402', 'info', {
    words: ({ canaryGroup, tag }: StandIn) => `${canaryGroup}: stand-in on, no canary of ${tag} is there`,
    meaning: "This process handles the messages of the tag now, in the canary's group.",
    remedy: NOTHING,
  }),
  standInOff: line('GRAY-403', 'info', {
    words: ({ canaryGroup, why }: { canaryGroup: string; why: string }) => `${canaryGroup}: stand-in off, ${why}`,
    meaning: 'It no longer does, and why.',
    remedy: NOTHING,
  }),
  givenUp: line('GRAY-404', 'info', {
    words: ({ group, topic, tag }: Omit<Topic, 'canaryGroup'>) =>
      `${group}, ${topic}: ${tag} is given up, its messages are the baseline's again`,
    meaning: 'Nothing was heard of the tag for as long as `GRAY_MQ_RETENTION` says.',
    remedy: "Nothing. The canary's group can be deleted now.",
  }),
  takenForLackOfStandIn: line('GRAY-405', 'warn', {
    words: ({ group, topic, tag, canaryGroup }: Topic) =>
      `${group}, ${topic}: takes the messages of ${tag} itself, since no stand-in in ${canaryGroup} could be started`,
    meaning: "The consumer could not join the canary's group. It tries again every 30 s.",
    remedy: "See GRAY-407, which says why. Often the account has no rights on the canary's group.",
  }),
  takenForLackOfOffsets: line('GRAY-406', 'warn', {
    words: ({ group, topic, tag, canaryGroup }: Topic) =>
      `${group}, ${topic}: takes the messages of ${tag} as well, since ${canaryGroup} has no offset on some of its queues`,
    meaning: "The baseline and the canary's group both take them until the canary's group is ready.",
    remedy: 'See GRAY-409, which says why. After queues were added, or while a broker is away, it passes by itself.',
  }),
  standInNotStarted: line('GRAY-407', 'warn', {
    words: ({ canaryGroup, problem }: Failed) => `${canaryGroup}: a stand-in could not be started: ${problem}`,
    once: ({ canaryGroup }) => canaryGroup,
    meaning: 'Why this process cannot stand in. It is tried again.',
    remedy: 'Put right what the line names.',
  }),
  standInNotSubscribed: line('GRAY-408', 'warn', {
    words: ({ canaryGroup, topic, problem }: Failed & { readonly topic: string }) =>
      `${canaryGroup}: the stand-in could not subscribe to ${topic}: ${problem}`,
    meaning: 'The stand-in takes its other topics only. It is tried again.',
    remedy: 'Put right what the line names.',
  }),
  offsetsNotEnsured: line('GRAY-409', 'warn', {
    words: ({ tag, problem }: Failed & { readonly tag: string }) =>
      `the baseline takes the messages of ${tag} as well: ${problem}`,
    once: ({ canaryGroup }) => canaryGroup,
    meaning: "The canary's group could not be made ready, and why. Both take the messages until it is.",
    remedy: 'Put right what the line names, or run the command that it ends with.',
  }),
  unknownAtStart: line('GRAY-410', 'warn', {
    words: ({ group, problem }: { group: string; problem: string }) =>
      `${group}: it is not known which canaries there are (${problem}); until it is, the baseline takes the messages of every tag whose canary it does not see`,
    once: ({ group }) => group,
    meaning: 'No broker, or no name server, answered within ten seconds. The consumer starts all the same.',
    remedy: LET_IT_ASK,
  }),
  unknown: line('GRAY-411', 'warn', {
    words: ({ group, seconds, problem }: { group: string; seconds: number; problem: string }) =>
      `${group}: for ${seconds} s nobody has said which canaries are there (${problem}): until somebody does, no stand-in starts, and those that run go on`,
    meaning:
      'No broker answers, or a right was taken back. Messages of a canary that leaves now wait until GRAY-412 says that it is over.',
    remedy: LET_IT_ASK,
  }),
  knownAgain: line('GRAY-412', 'info', {
    words: ({ group }: { group: string }) => `${group}: it is known again which canaries are there`,
    meaning: 'What GRAY-411 said is over.',
    remedy: NOTHING,
  }),
  noNameServer: line('GRAY-413', 'warn', {
    words: ({ group }: { group: string }) =>
      `${group}: no name server is known (GRAY_MQ_NAMESRV), so nobody can say which canaries are there: ${AS_ALL}`,
    once: ({ group }) => group,
    meaning:
      'Auto mode behaves like mode `all` for this group: gray messages are handled twice while a canary is there.',
    remedy: SET_NAMESRV,
  }),
  proxyOnly: line('GRAY-414', 'warn', {
    words: ({ group, proxy }: { group: string; proxy: string }) =>
      `${group}: no name server is known (GRAY_MQ_NAMESRV), so the proxy at ${proxy} is asked which canaries are there. It knows those in GRAY_MQ_TAGS only, and notices a crash after two minutes. For some 40 s after each start the baseline takes their messages as well`,
    once: ({ group }) => group,
    meaning: 'Auto mode works with these restrictions.',
    remedy: SET_NAMESRV,
  }),
  nobodyStandsIn: line('GRAY-415', 'warn', {
    words: ({ group, client }: { group: string; client: string }) =>
      `${group}: beside a consumer of ${client} nobody can stand in for a canary: it takes the messages of every tag that is not in GRAY_MQ_IGNORE_TAGS, as with GRAY_MQ_BASELINE=all`,
    once: ({ group }) => group,
    meaning: 'Auto mode behaves like mode `all` for consumers of this client.',
    remedy: 'Nothing, or use another client where that matters.',
  }),
  changedClass: line('GRAY-416', 'warn', {
    words: ({ group, method }: { group: string; method: string }) =>
      `${group}: its class has a ${method}() of its own, so no other consumer can stand in for a canary beside it; it takes the messages of every environment`,
    once: ({ group }) => group,
    meaning:
      "The application's class changes a method that the client itself calls. Auto mode behaves like mode `all`.",
    remedy: "Use the client's own class, or change no method that it calls.",
  }),
  markerNotTaken: line('GRAY-417', 'warn', {
    words: ({ canaryGroup, tag }: StandIn) =>
      `no name server took the marker of ${canaryGroup}: with ${tag} gone, the baseline takes over only what GRAY_MQ_TAGS names`,
    once: ({ canaryGroup }) => canaryGroup,
    meaning: 'When its last process is gone, an undeclared tag is forgotten.',
    remedy: 'Look for name servers that do not answer, or declare the tag (`GRAY_MQ_TAGS`).',
  }),
  announcementRefused: line('GRAY-418', 'warn', {
    words: ({ tag, refusal }: StandIn & { readonly refusal: string }) =>
      `a broker does not let ${tag} announce itself, the baseline sees it by its connections: ${refusal}`,
    once: ({ canaryGroup }) => canaryGroup,
    meaning: 'The canary is seen by its connections alone: a crash is known after two minutes.',
    remedy: 'Give the account the right to send. See [rights](#what-auto-mode-needs).',
  }),
  startsBesideStandIns: line('GRAY-419', 'warn', {
    words: ({ canaryGroup, standIns, seconds }: { canaryGroup: string; standIns: number; seconds: number }) =>
      `${canaryGroup}: starts beside ${standIns} stand-ins of the baseline that have not left within ${seconds} s`,
    meaning:
      "A baseline process did not make room in time (frozen, overloaded). For a moment both take the canary's messages, each message once.",
    remedy: 'Look for baseline processes that hang.',
  }),
  partlyKnown: line('GRAY-420', 'debug', {
    words: ({ group, problem }: { group: string; problem: string }) =>
      `${group}: who is there is not known everywhere: ${problem}`,
    meaning: 'Some server did not say which canaries are there. Others may have.',
    remedy: NOTHING,
  }),
  notAnswered: line('GRAY-421', 'debug', {
    words: ({ group, problem }: { group: string; problem: string }) =>
      `${group}: the brokers did not answer: ${problem}`,
    meaning: 'A question of auto mode failed. It is asked again.',
    remedy: NOTHING,
  }),
  progressUnknown: line('GRAY-422', 'debug', {
    words: ({ canaryGroup, problem }: Failed) => `${canaryGroup}: how far it has got is not known: ${problem}`,
    meaning: 'A tag may be given up once its group has passed everything. This could not be asked; it is asked again.',
    remedy: NOTHING,
  }),
  leavingNotTold: line('GRAY-423', 'debug', {
    words: ({ canaryGroup, problem }: Failed) => `${canaryGroup} could not be told that a stand-in leaves: ${problem}`,
    meaning: 'The proxy did not answer when a stand-in left. It notices by itself.',
    remedy: NOTHING,
  }),
  clientNotShutDown: line('GRAY-424', 'debug', {
    words: ({ canaryGroup, problem }: Failed) =>
      `the client of a stand-in in ${canaryGroup} did not shut down as it should: ${problem}`,
    meaning: 'The connections of that client are closed all the same.',
    remedy: NOTHING,
  }),
  pollFailed: line('GRAY-425', 'debug', {
    words: ({ canaryGroup, problem }: Failed) => `a poll in ${canaryGroup} failed: ${problem}`,
    meaning: 'A stand-in of a pull consumer got an error. It polls again.',
    remedy: NOTHING,
  }),
  standInFailed: line('GRAY-426', 'debug', {
    words: ({ canaryGroup, problem }: Failed) => `the stand-in in ${canaryGroup}: ${problem}`,
    meaning: 'The client of a stand-in failed with this in the background. It tries again by itself.',
    remedy: NOTHING,
  }),
  standInClientFailed: line('GRAY-427', 'debug', {
    words: ({ problem }: { problem: string }) => `the client of stand-ins: ${problem}`,
    meaning: 'The queues could not be shared out anew at once. The client does it by itself every 10 s.',
    remedy: NOTHING,
  }),
  leftWithProblem: line('GRAY-428', 'debug', {
    words: ({ group, problem }: { group: string; problem: string }) => `${group} is left, with a problem: ${problem}`,
    meaning: 'An offset could not be committed as a consumer left. Some messages may come again.',
    remedy: NOTHING,
  }),
  takenWhilePaused: line('GRAY-429', 'warn', {
    words: ({ tag, problem }: Failed & { readonly tag: string }) =>
      `the baseline takes the messages of ${tag} as well: ${problem}`,
    once: ({ canaryGroup }) => canaryGroup,
    meaning:
      "Somebody paused the canary's group: what was left to it would wait. The baseline takes the messages until it may consume.",
    remedy: 'Run the command that the line ends with. See [pausing](#pausing-replaying-and-dead-letters).',
  }),
  mayNotConsume: line('GRAY-430', 'warn', {
    words: ({ group }: { group: string }) =>
      `${group} may not consume (consumeEnable=false): its messages wait until somebody switches it on`,
    once: ({ group }) => group,
    meaning: "Somebody paused the canary's group while its messages were left to it.",
    remedy: 'Switch it on again. See [pausing](#pausing-replaying-and-dead-letters).',
  }),
  nobodyToTell: line('GRAY-431', 'warn', {
    words: ({ canaryGroup, tag }: StandIn) =>
      `${canaryGroup}: no name server is known (GRAY_MQ_NAMESRV), so this canary cannot announce itself: a baseline that knows name servers does not see it, and goes on handling some messages of ${tag}`,
    once: ({ canaryGroup }) => canaryGroup,
    meaning:
      "The canary's group exists, so the canary consumes. A baseline with name servers takes it for absent, and its stand-ins share the group with it.",
    remedy: SET_NAMESRV,
  }),
  standInBeside: line('GRAY-440', 'info', {
    words: ({ canaryGroup, tag, topics }: StandIn & { readonly topics: string }) =>
      `${canaryGroup}: stand-in on for ${topics}, to which the canary of ${tag} does not subscribe`,
    meaning: "This process handles the tag's messages of these topics, although a canary is there.",
    remedy: NOTHING,
  }),
  leftWaiting: line('GRAY-441', 'warn', {
    words: ({ group, topic, tag, canaryGroup }: Topic) =>
      `${group}, ${topic}: nobody stands in for ${tag}, which subscribes to more than this process does: its messages wait in ${canaryGroup} until its next start`,
    meaning:
      'A stand-in would pass over what only the canary subscribes to. The canary came before its baseline had written down what it subscribes to, or the baseline has changed that.',
    remedy: 'Start the canary again: it then keeps what only it subscribes to apart.',
  }),
  dividedSubscription: line('GRAY-442', 'info', {
    words: ({
      canaryGroup,
      topic,
      tag,
      more,
      own,
    }: Omit<Topic, 'group'> & { readonly more: string; readonly own: string }) =>
      `${canaryGroup}, ${topic}: what only ${tag} subscribes to (${more}) is in ${own}, a second consumer, and waits there while ${tag} is away`,
    meaning: 'The canary subscribes to more of a topic than its baseline. Nobody stands in for it in its own group.',
    remedy: NOTHING,
  }),
  lessSubscription: line('GRAY-443', 'warn', {
    words: ({
      group,
      topic,
      tag,
      theirs,
      less,
    }: Omit<Topic, 'canaryGroup'> & { readonly theirs: string; readonly less: string }) =>
      `${group}, ${topic}: the baseline subscribes to ${theirs}, ${tag} not to all of it (${less}): nobody handles such messages of ${tag} while it is there`,
    meaning: 'The canary subscribes to less of a topic than its baseline. While it is away, the baseline handles them.',
    remedy: 'Nothing, where the new version is meant to ignore them.',
  }),
  ownGroupNotReady: line('GRAY-444', 'warn', {
    words: ({ own, tag, problem }: { own: string; tag: string; problem: string }) =>
      `${own} is not ready, so nobody stands in for ${tag} where it subscribes to more than the baseline: ${problem}`,
    once: ({ own }) => own,
    meaning:
      "The canary could not keep apart what only it subscribes to. Such a topic's messages wait while it is away.",
    remedy: 'Put right what the line names, or run the command that it ends with; then start the canary again.',
  }),
  ownPartNotStarted: line('GRAY-445', 'warn', {
    words: ({ canaryGroup, tag, problem }: Failed & { readonly tag: string }) =>
      `what only ${tag} subscribes to waits, since a consumer beside that of ${canaryGroup} could not be started: ${problem}`,
    once: ({ canaryGroup }) => canaryGroup,
    meaning: "The canary's second consumer did not start. It is tried again every 5 s.",
    remedy: 'Put right what the line names.',
  }),
  subscriptionsNotWritten: line('GRAY-446', 'warn', {
    words: ({ canaryGroup, tag, problem }: Failed & { readonly tag: string }) =>
      `what ${tag} subscribes to in ${canaryGroup} is not written down: ${problem}`,
    once: ({ canaryGroup }) => canaryGroup,
    meaning: 'With the canary gone, the baseline may pass over what only the canary subscribes to.',
    remedy: 'Look for name servers that do not answer.',
  }),
  retriesDropped: line('GRAY-462', 'warn', {
    words: ({ canaryGroup, tag, after, soFar }: StandIn & { readonly after: string; readonly soFar: string }) =>
      `${canaryGroup}: left ${after} after the last sign of ${tag}: messages that failed there and have not come due again are dropped (${soFar})`,
    meaning:
      'A failed message may wait up to two hours until it is delivered once more. `GRAY_MQ_RETENTION` is shorter, so nobody is in the group then.',
    remedy: 'Nothing for environments that may be thrown away. Else set a longer time for the tag.',
  }),
  withoutAgent: line('GRAY-461', 'info', {
    words: ({ canaryGroup, tag }: StandIn) => `${canaryGroup}: a canary of ${tag} without this agent is there`,
    meaning:
      'A consumer in the group has a filter that selects the tag alone. Another agent made it a canary, or nobody did. It announces nothing, so it counts as present for as long as it is connected: after a crash that may be 120 s.',
    remedy: 'Nothing. [Beside Java](java.md) says what other agents have to be told.',
  }),
  retryPassedOn: line('GRAY-447', 'debug', {
    words: ({ group, topic, why }: { group: string; topic: string; why?: string | undefined }) =>
      `${group}: a retry of ${topic} waits 30 s more, since nobody who is there handles it${why ? ` (${why})` : ''}`,
    meaning:
      'A canary and its stand-ins share the retry topic of their group, and subscribe to different topics. A canary has a stand-in handle what it does not subscribe to itself; here none did.',
    remedy: NOTHING,
  }),
};
