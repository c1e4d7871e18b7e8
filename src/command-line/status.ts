/** `rocketmq-gray status`: the fleet as its brokers know it, once or again and again. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { CommandLineEnvironment } from '../config/command-line';
import { fleetInspection } from '../inspection/fleet/fleet-inspection';
import { type Fleet, isReached } from '../inspection/fleet/fleet-shape';
import { showProcessStatus } from '../process-status/process-status';
import { interrupted, pause } from './interrupt';

import { accountOf, nameServersOf, type ServerOptions, settingParser, withServers } from './servers';
import { statusReport } from './status-report';
import type { Terminal } from './terminal';

export interface FleetOptions extends ServerOptions {
  readonly group?: readonly string[];
  readonly tag?: readonly string[];
  readonly proxyRemoting?: string;
}

interface StatusOptions extends FleetOptions {
  /** Seconds; true: the default. */
  readonly watch?: number | true;
  readonly json?: boolean;
  readonly wide?: boolean;
  readonly failOnProblem?: boolean;
}

const WATCH_SECONDS = 2;
const NOBODY_ANSWERS = 2;

export function statusCommand(
  command: Command,
  environment: () => CommandLineEnvironment,
  terminal: Terminal,
  exit: (code: number) => void,
): Command {
  return withFleet(command)
    .description('show the fleet as the brokers know it: environments, instances, groups, stand-ins, backlog')
    .argument('[process]', 'a process id, or the path of its status socket (GRAY_STATUS): shows that one process')
    .addOption(
      new Option('--watch [seconds]', `draw it again and again, every ${WATCH_SECONDS} s`).argParser(secondsOf),
    )
    .option('--wide', 'cut nothing to 100 columns, and show groups that nobody has been in for an hour')
    .option('--fail-on-problem', 'exit with 1 where there is a problem, or something is not known')
    .option('--json', 'print it as JSON; with --watch a line each time')
    .addHelpText(
      'after',
      '\nExit code: 0; 1 for a problem with --fail-on-problem; 2 when nobody could be asked or for wrong usage.',
    )
    .action(async (target: string | undefined, options: StatusOptions) => {
      if (target !== undefined) {
        exit(await showProcessStatus(target, { json: options.json === true }));
        return;
      }
      exit(await showFleet(options, environment(), terminal));
    });
}

/** The options that say which cluster, with the proxies that know who is there. */
export function withProxies(command: Command): Command {
  return withServers(command).addOption(
    new Option(
      '--proxy-remoting <addresses>',
      'remoting endpoints of proxies in CLUSTER mode (default: GRAY_MQ_PROXY_REMOTING, or as brokers know them, port 8080)',
    ).argParser(settingParser('mqProxyRemoting')),
  );
}

/** The options that say which cluster, and what of it. */
export function withFleet(command: Command): Command {
  return withProxies(command)
    .option('--group <groups...>', "only these of the baseline's consumer groups; also such as no agent announces")
    .addOption(
      new Option(
        '--tag <tags>',
        'comma list of tags to look at besides those announced (default: GRAY_MQ_TAGS)',
      ).argParser(settingParser('mqTags')),
    );
}

export function fleetQuestion(options: FleetOptions, environment: CommandLineEnvironment) {
  return {
    namesrv: nameServersOf(options, environment),
    groups: options.group ?? [],
    tags: options.tag ?? environment.settings.mqTags,
    credentials: accountOf(options, environment),
    proxyRemoting: options.proxyRemoting ?? environment.settings.mqProxyRemoting,
    assumed: {
      key: environment.settings.key,
      baselineMode: environment.settings.mqBaseline,
      ignoredTags: environment.settings.mqIgnoreTags,
      isFilteredInClient: environment.settings.mqFilterSide === 'client',
    },
    tls: environment.settings.mqTls,
  };
}

/** A positive number of seconds. @throws InvalidArgumentError */
export function secondsOf(text: string): number {
  const seconds = Number(text);
  if (seconds >= 0.2 && seconds <= 3_600) return seconds;
  throw new InvalidArgumentError('Allowed: seconds, 0.2 to 3600.');
}

async function showFleet(
  options: StatusOptions,
  environment: CommandLineEnvironment,
  terminal: Terminal,
): Promise<number> {
  const inspection = fleetInspection(fleetQuestion(options, environment));
  const { watch, json } = options;
  const signal = watch === undefined ? undefined : interrupted();
  try {
    for (;;) {
      const fleet = await inspection.look();
      if (signal?.aborted) return 0;
      if (json) {
        terminal.print(JSON.stringify(fleet, null, watch === undefined ? 2 : undefined));
      } else {
        const report = statusReport(fleet, { colors: terminal.colors, isWide: options.wide === true });
        if (signal && terminal.isScreen) terminal.redraw(report);
        else terminal.print(signal ? `${report}\n` : report);
      }
      if (signal === undefined) return exitCode(fleet, options);
      await pause((watch === true || watch === undefined ? WATCH_SECONDS : watch) * 1_000, signal);
      if (signal.aborted) return 0;
    }
  } finally {
    terminal.leave();
    inspection.close();
  }
}

function exitCode(fleet: Fleet, { failOnProblem }: StatusOptions): number {
  if (!isReached(fleet)) return NOBODY_ANSWERS;
  return failOnProblem && fleet.problems.length + fleet.unanswered.length > 0 ? 1 : 0;
}
