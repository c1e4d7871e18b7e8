/** 2xx: hooks on libraries. */
import { line, NOTHING } from './line';

interface Hook {
  readonly name: string;
  readonly problem: string;
}

interface Copy {
  readonly module: string;
  readonly version: string;
}

/** The same in `clients.leftAlone`, which says why a client is not hooked. */
export const unknownVersion = ({ module, version, versions }: Copy & { readonly versions: string }) =>
  `${module} ${version} is not a version this agent knows (${versions})`;
export const otherPlugin = ({ module, version }: Copy) =>
  `${module} ${version} was bundled with the plugin of another version of rocketmq-gray, which has other hooks`;

const SEE_BUNDLES = 'See the reason in brackets, and [bundles](bundles.md).';

// In each bundle: texts, of which nothing is written.
export const hookLines = {
  notInstalled: line('GRAY-201', 'error', {
    words: ({ name, problem }: Hook) => `${name} cannot be installed: ${problem}`,
    once: 'text',
    meaning:
      'A hook without which nobody is kept apart does not work. A canary ends; a baseline goes on (`GRAY_ON_FAILURE`).',
    remedy: 'Install the package anew, with its dependencies. If it stays so, report it.',
  }),
  failed: line('GRAY-202', 'warn', {
    words: ({ name, problem }: Hook) => `${name} failed, the application goes on without it: ${problem}`,
    once: ({ name }) => name,
    meaning: 'Something in the agent failed. The application runs as it would without this hook.',
    remedy: 'Report it, with the trace that `GRAY_LOG_LEVEL=debug` shows (GRAY-203).',
  }),
  trace: line('GRAY-203', 'debug', {
    words: ({ name, stack }: { name: string; stack: string }) => `${name}: ${stack}`,
    meaning: 'Where the hook of GRAY-202 failed.',
    remedy: NOTHING,
  }),
  instrumented: line('GRAY-204', 'debug', {
    words: ({ module, version, directory }: Copy & { readonly directory: string }) =>
      `${module} ${version} is instrumented (${directory})`,
    meaning: 'The first file of this copy of the library was loaded, and is hooked.',
    remedy: NOTHING,
  }),
  unknownVersion: line('GRAY-205', 'warn', {
    words: (copy: Copy & { readonly versions: string }) => `${unknownVersion(copy)}: it is left alone`,
    once: ({ module, version }) => `${module}@${version}`,
    meaning:
      'This library carries and routes no tag. For a RocketMQ client, GRAY-207 follows when it makes a consumer.',
    remedy: 'Install a version that the agent knows ([supported versions](supported-versions.md)), or a newer agent.',
  }),
  otherPlugin: line('GRAY-206', 'warn', {
    words: (copy: Copy) => `${otherPlugin(copy)}: it is left alone; bundle the application anew`,
    once: ({ module, version }) => `${module}@${version}`,
    meaning: "The application is a bundle, and its plugin is not of the agent's version.",
    remedy: "[Bundle](bundles.md#starting-it) the application with the plugin of the agent's version.",
  }),
  unknownClientConsumer: line('GRAY-207', 'error', {
    words: ({ client, version }: { client: string; version: string }) =>
      `a consumer of ${client} ${version} is made, which the agent leaves alone: it would take the messages of every environment`,
    once: 'text',
    meaning: 'A canary ends here (`GRAY_ON_FAILURE`). A warning before says why the client is left alone.',
    remedy: 'Install a version that the agent knows, or a newer agent, or bundle the application anew.',
  }),
  unhookedClient: line('GRAY-208', 'error', {
    words: ({ address, reason }: { address: string; reason: string }) =>
      `this process speaks to RocketMQ at ${address} by a client that is not hooked (${reason}): its messages carry no tag, and its consumers are not kept apart`,
    once: 'process',
    meaning: 'The client is in a bundle, was loaded too early, or is unknown to the agent.',
    remedy: SEE_BUNDLES,
  }),
  unhookedConsumer: line('GRAY-209', 'error', {
    words: ({ group, reason, whose }: { group: string; reason: string; whose: string }) =>
      `a consumer of ${group} is not hooked (${reason}): it would take ${whose}`,
    once: 'text',
    meaning: 'The same for a consumer. A canary ends before its first message (`GRAY_ON_FAILURE`).',
    remedy: SEE_BUNDLES,
  }),
  unchangedConsumer: line('GRAY-210', 'error', {
    words: ({ group }: { group: string }) =>
      `a consumer of this canary could not be changed: it joins the baseline's group ${group} and takes its messages`,
    meaning: 'The canary takes messages of the baseline. GRAY-202 before says what failed.',
    remedy: 'Stop this canary, and report it.',
  }),
  litePushConsumer: line('GRAY-211', 'warn', {
    words: ({ client }: { client: string }) =>
      `${client} is left alone: its group is not renamed and it takes the messages of every environment`,
    once: 'process',
    meaning: 'The agent does not know this kind of consumer.',
    remedy: 'Use another kind of consumer where environments have to be kept apart.',
  }),
};
