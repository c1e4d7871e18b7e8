/** `rocketmq-gray doctor`: is a cluster fit for a canary of a group? */
import { type Command, Option } from 'commander';
import type { CommandLineEnvironment } from '../config/command-line';
import { doctorChecks, doctorExitCode } from '../inspection/doctor/doctor-checks';
import { doctorPicture } from '../inspection/doctor/doctor-picture';
import { VERSION } from '../names/version';
import type { FilterExpression } from '../rocketmq/plan/filter-expression';
import { proxyOf } from '../rocketmq/remoting/proxies';
import { doctorReport } from './doctor-report';
import { accountOf, needed, type ServerOptions, settingParser, UsageError, withServers } from './servers';
import type { Terminal } from './terminal';

interface DoctorOptions extends ServerOptions {
  readonly endpoints?: string;
  readonly proxyRemoting?: string;
  readonly topic?: string;
  readonly group?: string;
  readonly tag?: string;
  readonly key?: string;
  readonly filter?: string;
  readonly sql?: string;
  readonly filterSide?: 'auto' | 'broker' | 'client';
  readonly json?: boolean;
  readonly verbose?: boolean;
}

/** @param environment read when the command runs: a wrong setting is its error */
export function doctorCommand(
  command: Command,
  environment: () => CommandLineEnvironment,
  terminal: Terminal,
  exit: (code: number) => void,
): Command {
  return withServers(command)
    .description('ask a cluster whether it is fit for a canary of a consumer group, and say what to do where it is not')
    .option('--endpoints <endpoints>', 'a proxy, host:port of its gRPC endpoint, where no name server can be reached')
    .addOption(
      new Option(
        '--proxy-remoting <addresses>',
        'remoting endpoints of proxies (default: GRAY_MQ_PROXY_REMOTING, or the same host, port 8080)',
      ).argParser(settingParser('mqProxyRemoting')),
    )
    .option('--topic <topic>', 'what is consumed (needed)')
    .option('--group <group>', "the baseline's consumer group, as the application names it (needed)")
    .addOption(new Option('--tag <tag>', "the canary's tag (default: GRAY_TAG)").argParser(settingParser('tag')))
    .addOption(new Option('--key <name>', 'the message property (default: GRAY_KEY)').argParser(settingParser('key')))
    .option('--filter <tags>', "what the application subscribes to, as 'A || B' (default: *)")
    .addOption(new Option('--sql <expression>', 'the same as an SQL92 expression').conflicts('filter'))
    .addOption(
      new Option('--filter-side <side>', 'where messages are told apart (default: GRAY_MQ_FILTER_SIDE)').choices([
        'auto',
        'broker',
        'client',
      ]),
    )
    .option('-v, --verbose', 'say all of what is well, too')
    .option('--json', 'print it as JSON')
    .addHelpText('after', '\nExit code: 0 nothing failed, 1 a check failed, 2 nobody could be asked or wrong usage.')
    .action(async (options: DoctorOptions) => {
      const known = environment();
      const { settings } = known;
      const topic = needed(options.topic, '--topic <topic>');
      const group = needed(options.group, '--group <group>');
      const tag = options.tag ?? settings.tag;
      if (tag === undefined) throw new UsageError('which canary? --tag gray, or GRAY_TAG');
      const picture = await doctorPicture({
        ...serversOf(options, known),
        topic,
        group,
        tag,
        key: options.key ?? settings.key,
        interop: settings.interop,
        filter: filterOf(options),
        filterSide: options.filterSide ?? settings.mqFilterSide,
        baselineMode: settings.mqBaseline,
        ignoredTags: settings.mqIgnoreTags,
        credentials: accountOf(options, known),
        tls: known.settings.mqTls,
      });
      const checks = doctorChecks(picture);
      const exitCode = doctorExitCode(picture, checks);
      if (options.json) {
        const { question, canaryGroup, filters } = picture;
        terminal.print(JSON.stringify({ version: VERSION, question, canaryGroup, filters, checks, exitCode }, null, 2));
      } else {
        const { colors, columns } = terminal;
        terminal.print(doctorReport(picture, checks, { colors, columns, isVerbose: options.verbose === true }));
      }
      exit(exitCode);
    });
}

/** Name servers know more than a proxy: where both are named, they are asked. */
function serversOf(options: DoctorOptions, { settings }: CommandLineEnvironment) {
  const { endpoints, namesrv } = options;
  const given = options.proxyRemoting ?? settings.mqProxyRemoting;
  const proxyRemoting = given ?? (endpoints === undefined ? undefined : proxyOf(endpoints));
  if (namesrv !== undefined) return { namesrv, proxyRemoting };
  if (endpoints !== undefined || options.proxyRemoting !== undefined) return { proxyRemoting };
  if (settings.mqNamesrv !== undefined) return { namesrv: settings.mqNamesrv, proxyRemoting };
  throw new UsageError('which cluster? --namesrv host:port (or GRAY_MQ_NAMESRV), or --endpoints of a proxy');
}

function filterOf({ filter, sql }: DoctorOptions): FilterExpression {
  return sql === undefined ? { type: 'TAG', expression: filter ?? '*' } : { type: 'SQL92', expression: sql };
}
