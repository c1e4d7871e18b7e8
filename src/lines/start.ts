/** 1xx: the agent starts, or does not; its settings. */
import { line, NOTHING } from './line';

export interface WrongValue {
  /** A variable, or a key in a file. */
  readonly where: string;
  readonly value: string;
  readonly allowed: string;
}

const TOO_LATE = 'was set after the agent had started, and has no effect: set it before Node.js starts (--env-file)';
const START_FIRST =
  'Start with `node --require rocketmq-gray/register app.js`, or make this preload the first one. See [recipes](recipes.md).';

interface Late {
  readonly variable: string;
  readonly value: string;
}

interface LoadedBefore {
  readonly libraries: string;
  /** What they lack. */
  readonly effect: string;
}

const loadedBefore = ({ libraries, effect }: LoadedBefore) =>
  `loaded before the agent, and so not hooked: ${libraries}: ${effect}. Start the agent first: node --require rocketmq-gray/register app.js`;

// In each bundle: texts, of which nothing is written.
export const startLines = {
  started: line('GRAY-101', 'info', {
    words: ({ environment, version }: { environment: string; version: string }) => `${environment}, version ${version}`,
    meaning: 'The agent runs in this process, as `baseline` or as a canary (`tag gray`).',
    remedy: NOTHING,
  }),
  wrongSetting: line('GRAY-102', 'error', {
    words: ({ where, value, allowed }: WrongValue) => `wrong setting: ${where}=${value}; allowed: ${allowed}`,
    meaning: 'A setting has a value that is not allowed. The process ends with exit code 1.',
    remedy: 'Correct the variable, or the key in the file, that the line names.',
  }),
  unknownVariable: line('GRAY-103', 'warn', {
    words: ({ variable, isMeant }: { variable: string; isMeant: string }) =>
      `${variable} is not a setting of rocketmq-gray and is ignored${isMeant}`,
    meaning: 'A variable begins with `GRAY_`, and no setting has this name.',
    remedy: 'Look for a mistake in its name ([all settings](settings.md)), or remove it.',
  }),
  tagsWithoutAuto: line('GRAY-104', 'warn', {
    words: ({ mode }: { mode: string }) => `GRAY_MQ_TAGS has no effect with GRAY_MQ_BASELINE=${mode}`,
    meaning: 'Tags are declared for auto mode only, which is not the mode of this process.',
    remedy: 'Remove one of the two settings.',
  }),
  lateSetting: line('GRAY-105', 'warn', {
    words: ({ variable, value }: Late) => `${variable}=${value} ${TOO_LATE}`,
    once: ({ variable }) => variable,
    meaning:
      'The application sets the variable itself, for example by dotenv. The agent had read its settings by then.',
    remedy: 'Give it to the process: `node --env-file`, or the environment of the process manager.',
  }),
  lateTag: line('GRAY-106', 'error', {
    words: ({ variable, value }: Late) => `${variable}=${value} ${TOO_LATE}`,
    once: 'process',
    meaning:
      'The application sets its own tag. Until then the agent took the process for another environment. With a RocketMQ consumer the process ends (`GRAY_ON_FAILURE`).',
    remedy: 'Give it to the process: `node --env-file`, or the environment of the process manager.',
  }),
  loadedBeforeCanary: line('GRAY-107', 'error', {
    words: loadedBefore,
    meaning: 'Something loads these libraries before the preload of the agent does its work, in a canary.',
    remedy: START_FIRST,
  }),
  loadedBeforeBaseline: line('GRAY-108', 'warn', {
    words: loadedBefore,
    meaning: 'The same in the baseline.',
    remedy: START_FIRST,
  }),
  fileNotWritten: line('GRAY-109', 'warn', {
    words: ({ file, problem }: { file: string; problem: string }) =>
      `GRAY_LOG_TO=${file}: ${problem}; lines go to standard error`,
    meaning: 'The file for lines cannot be written. From now on they go to standard error.',
    remedy: 'Make the directory, or give the user of the process the right to write there. Then restart the process.',
  }),
  tooOld: line('GRAY-110', 'error', {
    words: ({ version, oldest }: { version: string; oldest: string }) =>
      `Node.js ${version} is too old, the agent needs ${oldest} or later`,
    meaning: 'The agent does not start. A canary ends; a baseline goes on without the agent (`GRAY_ON_FAILURE`).',
    remedy: 'Run a newer Node.js.',
  }),
  notLoaded: line('GRAY-111', 'error', {
    words: ({ problem }: { problem: string }) => `the agent cannot be loaded: ${problem}`,
    meaning:
      'The copy of the package is not complete. A canary ends; a baseline goes on without the agent (`GRAY_ON_FAILURE`).',
    remedy: 'Install the package anew, with its dependencies.',
  }),
  aliasNotUsed: line('GRAY-112', 'warn', {
    words: ({ where, value, allowed }: WrongValue) => `not used: ${where}=${value}; allowed: ${allowed}`,
    meaning:
      'A variable of the application or the platform is read by the agent as well, and has no value that it understands.',
    remedy: 'Give the agent its own setting beside it: `GRAY_MQ_NAMESRV` for `NAMESRV_ADDR`.',
  }),
  steppedBack: line('GRAY-113', 'info', {
    words: ({ version, directory, injected }: { version: string; directory: string; injected: string }) =>
      `the application's own copy, ${version} in ${directory}, runs in the place of the injected ${injected}`,
    meaning:
      'The agent was put beside an application that has the package itself. The application was tested with its own copy, which therefore starts, older or newer.',
    remedy: NOTHING,
  }),
  settingsChanged: line('GRAY-120', 'info', {
    words: ({ digits, changes }: { digits: string; changes: string }) => `settings ${digits}: ${changes}`,
    meaning:
      'The document that `GRAY_CONFIG` names has changed, and what is live in it is in force. The digits are the first of the SHA-256 of its text.',
    remedy: NOTHING,
  }),
  settingsLater: line('GRAY-121', 'warn', {
    words: ({ digits, changes }: { digits: string; changes: string }) =>
      `settings ${digits}: ${changes} takes effect at a restart`,
    meaning: 'The same of settings that are not live.',
    remedy: 'Restart the process.',
  }),
  settingHidden: line('GRAY-122', 'warn', {
    words: ({ variable, key, name }: { variable: string; key: string; name: string }) =>
      `${variable} hides ${key} of ${name}`,
    once: ({ variable }) => variable,
    meaning: 'The variable wins. What the document says of this key, now and later, has no effect.',
    remedy: 'Remove one of the two.',
  }),
  settingsRefused: line('GRAY-123', 'error', {
    words: ({ digits, before, problem }: { digits: string; before: string; problem: string }) =>
      `settings ${digits} are refused as a whole, ${before} stays in force: ${problem}`,
    meaning: 'The document has changed, and something in it is not allowed. Said once for each version of it.',
    remedy: 'Correct the entry that the line names.',
  }),
  settingsMissing: line('GRAY-124', 'warn', {
    words: ({ name, before }: { name: string; before: string }) =>
      `${name} is missing or empty, ${before} stays in force`,
    meaning: 'The document was deleted or emptied. That switches nothing off.',
    remedy: 'Put it back; an empty object, `{}`, means the defaults.',
  }),
  copies: line('GRAY-128', 'warn', {
    words: ({ tag }: { tag: string }) =>
      `GRAY_MQ_ALSO=baseline: consumers of ${tag} also get a copy of each untagged message, which the baseline handles as ever; what they send and call for one carries ${tag}`,
    meaning:
      'Each such message is handled twice: by the baseline, and by this canary. Whatever the handler changes in shared data, it changes twice.',
    remedy: 'Nothing, if copies are wanted. Else remove `GRAY_MQ_ALSO`.',
  }),
  tagsLater: line('GRAY-127', 'warn', {
    words: ({ group }: { group: string }) =>
      `${group}: mqTags and mqIgnoreTags take effect at a restart, its client is told once what it takes`,
    meaning:
      'The settings say something else of which tags are declared or ignored. This client cannot change its filter.',
    remedy: 'Restart the process.',
  }),
  settingsUnreachable: line('GRAY-125', 'warn', {
    words: ({ name, problem, before }: { name: string; problem: string; before: string }) =>
      `${name} cannot be asked (${problem}), ${before} stays in force`,
    meaning: 'The server that keeps the document does not answer. It is asked again every ten seconds.',
    remedy: 'Look after the server, its address, and the account (`GRAY_NACOS_USERNAME`).',
  }),
  settingsUnknown: line('GRAY-126', 'warn', {
    words: ({ name, problem }: { name: string; problem: string }) =>
      `${name} gives no settings (${problem}): the process starts with what its environment says`,
    meaning:
      'The server that keeps the document did not answer within two seconds of the start, or has no such document. What is live takes effect as soon as it answers, the rest at a restart.',
    remedy: 'Look after the server. Give what must not fail, such as the tag, by variables.',
  }),
};
