/** `rocketmq-gray rules`: which tag would a request get, and why? Asks nobody. */
import { type Command, InvalidArgumentError } from 'commander';
import type { CommandLineEnvironment } from '../config/command-line';
import { loadSettings } from '../config/load';
import { createHeaderPropagation } from '../propagation/http-headers';
import type { RequestHead } from '../propagation/request-values';
import { rulesReport } from './rules-report';
import { UsageError } from './servers';
import type { Terminal } from './terminal';

interface RulesOptions {
  readonly file?: string;
  readonly method: string;
  readonly url: string;
  readonly header: readonly (readonly [name: string, value: string])[];
}

export function rulesCommand(command: Command, environment: () => CommandLineEnvironment, terminal: Terminal): Command {
  return command
    .description('say which rule a request matches, which tag that gives it, and why')
    .option('--file <path>', 'the file with the key `rules` (default: GRAY_RULES, or the file that GRAY_CONFIG names)')
    .option('--method <method>', 'of the request', 'GET')
    .requiredOption('--url <target>', "path and query: '/api/x?uid=7'")
    .option('--header <field>', "'x-user-id: 1001', 'cookie: uid=7'; may be given several times", addHeader, [])
    .addHelpText('after', '\nExit code: 0 it was said, 2 wrong usage or a wrong file.')
    .action(({ file, method, url, header }: RulesOptions) => {
      const settings =
        file === undefined
          ? environment().settings
          : loadSettings({ GRAY_CONFIG: file }, { isLookingOn: true }).settings;
      if (settings.rules.length === 0) {
        throw new UsageError(
          file === undefined ? 'which rules? --file, GRAY_CONFIG or GRAY_RULES' : `no rules in ${file}`,
        );
      }
      const head: RequestHead = { method, target: url, rawHeaders: header.flat().map(asSent) };
      const { extract } = createHeaderPropagation({ ...settings, onMalformed: () => {} });
      terminal.print(rulesReport(settings.rules, head, extract(head.rawHeaders), terminal));
    });
}

function addHeader(field: string, before: RulesOptions['header']): RulesOptions['header'] {
  const at = field.indexOf(':');
  if (at < 1) throw new InvalidArgumentError('Allowed: name: value.');
  return [...before, [field.slice(0, at).trim(), field.slice(at + 1).trim()]];
}

/** As servers read it: one character for each byte. */
function asSent(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}
