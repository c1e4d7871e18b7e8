/** `rocketmq-gray clean`: what environments that nobody uses any more left behind on the cluster. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { type Leftover, leftoversOf } from '../cleaning/leftovers';
import { type Cleaner, cleaner } from '../cleaning/remove';
import type { CommandLineEnvironment } from '../config/command-line';
import { ago } from '../inspection/cluster/amounts';
import { fleetInspection } from '../inspection/fleet/fleet-inspection';
import { isReached } from '../inspection/fleet/fleet-shape';
import { parseDuration } from '../names/duration';
import { isTagPattern, matcher } from '../names/tag-pattern';
import type { ServerOptions } from './servers';
import { fleetQuestion, withProxies } from './status';
import { columns, type Terminal } from './terminal';

interface CleanOptions extends ServerOptions {
  readonly proxyRemoting?: string;
  readonly olderThan: number;
  /** A pattern. */
  readonly tag?: string;
  readonly withMessages?: boolean;
  readonly yes?: boolean;
  readonly json?: boolean;
}

const ONE_DAY_MS = 86_400_000;

export function cleanCommand(
  command: Command,
  environment: () => CommandLineEnvironment,
  terminal: Terminal,
  exit: (code: number) => void,
): Command {
  return withProxies(command)
    .description("remove canaries' groups that nobody uses any more, their retries, dead letters and markers")
    .option('--yes', 'remove them; without it, it is only said what would be removed')
    .addOption(
      new Option('--older-than <time>', 'since the last sign of a tag, such as 30m or 1d12h')
        .argParser(timeOf)
        .default(ONE_DAY_MS, '1d'),
    )
    .addOption(new Option('--tag <pattern>', 'only of these tags; * stands for anything: pr-*').argParser(patternOf))
    .option('--with-messages', 'also where messages that failed wait, or lie as dead letters: they are dropped')
    .option('--json', 'print it as JSON')
    .addHelpText(
      'after',
      '\nExit code: 0 well, 1 when something could not be removed, 2 when nobody could be asked or for wrong usage.',
    )
    .action(async (options: CleanOptions) => {
      exit(await clean(options, environment(), terminal));
    });
}

async function clean(options: CleanOptions, environment: CommandLineEnvironment, terminal: Terminal): Promise<number> {
  const { tag: pattern, yes = false, json = false, olderThan: olderThanMs, withMessages = false } = options;
  const question = { ...fleetQuestion({ ...options, tag: [] }, environment), withGivenUp: true };
  const inspection = fleetInspection(question);
  const fleet = await inspection.look().finally(inspection.close);
  const isMeant = pattern === undefined ? () => true : matcher(pattern);
  const all = leftoversOf(fleet, { olderThanMs, isMeant, withMessages });
  const unused = all.filter(({ use }) => use === undefined);
  const results = yes ? await removed(cleaner(question), unused) : new Map<string, Result>();
  terminal.print(json ? JSON.stringify(shown(all, results), null, 2) : report(all, results, { yes }, terminal));
  if (!isReached(fleet)) return 2;
  return [...results.values()].some(({ problems }) => problems.length > 0) ? 1 : 0;
}

type Result = Awaited<ReturnType<Cleaner['remove']>>;

/** By group. One after another: brokers write all of their settings down for each. */
async function removed(cleaner: Cleaner, unused: readonly Leftover[]): Promise<Map<string, Result>> {
  const results = new Map<string, Result>();
  try {
    for (const leftover of unused) results.set(leftover.group, await cleaner.remove(leftover));
  } finally {
    cleaner.close();
  }
  return results;
}

function shown(all: readonly Leftover[], results: ReadonlyMap<string, Result>) {
  return all.map(({ use = null, ...leftover }) => ({ ...leftover, use, ...results.get(leftover.group) }));
}

function report(
  all: readonly Leftover[],
  results: ReadonlyMap<string, Result>,
  { yes }: { readonly yes: boolean },
  { colors }: Terminal,
): string {
  const unused = all.filter(({ use }) => use === undefined);
  const kept = all.filter(({ use }) => use !== undefined);
  const rows = unused.map(leftover => {
    const { group, ageMs } = leftover;
    const result = results.get(group);
    const mark =
      result === undefined ? '-' : result.problems.length === 0 ? colors.green('removed') : colors.red('failed');
    const outcome = result === undefined ? messages(leftover) : [...result.what, ...result.problems].join('; ');
    return [mark, group, `${ago(ageMs)} old`, outcome];
  });
  return [
    unused.length === 0
      ? 'Nothing to clean: no canary’s group is unused.'
      : `${unused.length} unused${yes ? '' : ', nothing was removed: --yes removes them'}`,
    ...columns(rows).map(row => `  ${row}`),
    ...(kept.length === 0
      ? []
      : ['kept:', ...columns(kept.map(({ group, use }) => [group, use ?? ''])).map(row => `  ${row}`)]),
  ].join('\n');
}

/** What is dropped with it. */
function messages({ retries, deadLetters }: Leftover): string {
  const parts = [retries > 0 ? `${retries} retries` : [], deadLetters > 0 ? `${deadLetters} dead letters` : []].flat();
  return parts.length === 0 ? '' : `with ${parts.join(' and ')}`;
}

function timeOf(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined) throw new InvalidArgumentError('Allowed: a time such as 30m, 3h30m or 1d.');
  return ms;
}

function patternOf(text: string): string {
  if (!isTagPattern(text)) throw new InvalidArgumentError('Allowed: a tag, in which * stands for anything.');
  return text;
}
