/** The options that say which cluster is meant, and as whom to ask it: the same for every command. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { CommandLineEnvironment } from '../config/command-line';
import { SETTINGS, type Settings } from '../config/settings';
import type { Credentials } from '../names/credentials';

export interface ServerOptions {
  readonly namesrv?: string;
  readonly accessKey?: string;
  readonly secretKey?: string;
}

/** What somebody typed makes no sense: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export function withServers(command: Command): Command {
  return command
    .addOption(
      new Option('--namesrv <addresses>', 'name servers, host:port;host:port (default: GRAY_MQ_NAMESRV)').argParser(
        settingParser('mqNamesrv'),
      ),
    )
    .option('--access-key <key>', 'account, where access control is on (better: ROCKETMQ_ACCESS_KEY)')
    .option('--secret-key <key>', 'its secret; others see it in the list of processes (better: ROCKETMQ_SECRET_KEY)');
}

/** Parses an option as the agent parses the setting of that name. */
export function settingParser<Name extends keyof Settings>(name: Name): (text: string) => Settings[Name] {
  const setting = SETTINGS.find(candidate => candidate.name === name);
  return text => {
    const parsed = setting?.parse(text.trim());
    if (parsed === undefined) throw new InvalidArgumentError(`Allowed: ${setting?.allowed}.`);
    return parsed.value as Settings[Name];
  };
}

/** @throws UsageError for half of an account */
export function accountOf(options: ServerOptions, { account }: CommandLineEnvironment): Credentials | undefined {
  const accessKey = options.accessKey ?? account.accessKey;
  const secretKey = options.secretKey ?? account.secretKey;
  if (accessKey === undefined && secretKey === undefined) return undefined;
  if (accessKey === undefined || secretKey === undefined) {
    throw new UsageError('an account needs both: an access key and a secret key');
  }
  return { accessKey, secretKey, ...(account.securityToken && { securityToken: account.securityToken }) };
}

/** @throws UsageError where nobody named them */
export function nameServersOf(options: ServerOptions, { settings }: CommandLineEnvironment): string {
  const namesrv = options.namesrv ?? settings.mqNamesrv;
  if (namesrv === undefined) throw new UsageError('which cluster? --namesrv host:port, or GRAY_MQ_NAMESRV');
  return namesrv;
}

/**
 * An option without which a command makes no sense. Commander's own are asked for before it names those that it does not know.
 *
 * @throws UsageError where it is missing
 */
export function needed(value: string | undefined, option: string): string {
  if (value === undefined) throw new UsageError(`required option '${option}' not specified`);
  return value;
}
