/** `rocketmq-gray message`: what became of one message? */
import { type Command, Option } from 'commander';
import type { CommandLineEnvironment } from '../config/command-line';
import { fateOf } from '../inspection/message/message-fate';
import type { MessagePicture, MessageSearch } from '../inspection/message/message-picture';
import { searchMessage } from '../inspection/message/message-search';
import { verdictOn } from '../inspection/message/message-verdict';
import { VERSION } from '../names/version';
import { messageReport } from './message-report';
import {
  accountOf,
  nameServersOf,
  needed,
  type ServerOptions,
  settingParser,
  UsageError,
  withServers,
} from './servers';
import type { Terminal } from './terminal';

interface MessageOptions extends ServerOptions {
  readonly topic?: string;
  readonly key?: string;
  readonly group?: readonly string[];
  readonly property?: string;
  readonly json?: boolean;
}

export function messageCommand(
  command: Command,
  environment: () => CommandLineEnvironment,
  terminal: Terminal,
  exit: (code: number) => void,
): Command {
  return withServers(command)
    .description(
      'say what became of a message: its tag, and for each group whether it was taken, skipped, waits or failed',
    )
    .argument('[id]', 'its id, as the producer or a consumer prints it')
    .option('--topic <topic>', 'the topic that it was sent to (needed)')
    .option('--key <key>', 'one of its keys, in place of its id')
    .option('--group <groups...>', "only these of the baseline's consumer groups (default: all that consume the topic)")
    .addOption(
      new Option('--property <name>', 'the message property of the tag (default: GRAY_KEY)').argParser(
        settingParser('key'),
      ),
    )
    .option('--json', 'print it as JSON')
    .addHelpText('after', '\nExit code: 0 found, 1 not found, 2 nobody could be asked or wrong usage.')
    .action(async (id: string | undefined, options: MessageOptions) => {
      const known = environment();
      const { key } = options;
      const topic = needed(options.topic, '--topic <topic>');
      const value = id ?? key;
      if (value === undefined) throw new UsageError('which message? its id, or --key');
      if (id !== undefined && key !== undefined) throw new UsageError('an id or --key, not both');
      const kind = id === undefined ? 'key' : 'id';
      const search = await searchMessage({
        namesrv: nameServersOf(options, known),
        topic,
        by: { kind, value },
        groups: options.group ?? [],
        key: options.property ?? known.settings.key,
        credentials: accountOf(options, known),
        tls: known.settings.mqTls,
      });
      const name = kind === 'id' ? value : `with the key ${value}`;
      terminal.print(options.json ? json(search) : messageReport(search, { name, topic }, terminal));
      exit(exitCode(search));
    });
}

function exitCode({ pictures, isReached }: MessageSearch): number {
  if (pictures.length > 0) return 0;
  return isReached ? 1 : 2;
}

function json({ at, pictures, problems }: MessageSearch): string {
  const messages = pictures.map(picture => ({
    id: picture.found.message.properties.UNIQ_KEY ?? picture.found.message.offsetId,
    broker: picture.found.broker.name,
    ...picture.found.message,
    tag: picture.tag ?? null,
    groups: picture.lanes.map(lane => laneJson(picture, lane)),
    verdict: verdictOn(picture, at),
  }));
  return JSON.stringify({ version: VERSION, at, messages, problems }, null, 2);
}

function laneJson(picture: MessagePicture, lane: MessagePicture['lanes'][number]) {
  const { group, baselineGroup, tag, isOwn, isCopies, ...answers } = lane;
  return { group, baselineGroup, tag: tag ?? null, isOwn, isCopies, ...fateOf(picture, lane), answers };
}
