/** What the command line takes from the environment: the agent's settings as defaults, the account, and how to print. */
import type { Credentials } from '../names/credentials';
import type { Environment } from './environment';
import { loadSettings } from './load';
import type { Settings } from './settings';

export interface CommandLineEnvironment {
  readonly settings: Settings;
  /** What is known of an account; the options complete it. */
  readonly account: Partial<Credentials>;
}

/** @throws {SettingError} for a setting that the agent would refuse as well */
export function commandLineEnvironment(environment: Environment = process.env): CommandLineEnvironment {
  // Whether the agent is on in this shell is no matter here: with it switched off, no other setting would be read.
  const { settings } = loadSettings({ ...environment, GRAY_ENABLED: undefined }, { isLookingOn: true });
  const account = {
    accessKey: environment.ROCKETMQ_ACCESS_KEY || undefined,
    secretKey: environment.ROCKETMQ_SECRET_KEY || undefined,
    securityToken: environment.ROCKETMQ_SECURITY_TOKEN || undefined,
  };
  const given = Object.entries(account).filter(([, value]) => value !== undefined);
  return { settings, account: Object.fromEntries(given) };
}

/** NO_COLOR (no-color.org): any value but an empty one. */
export function hasNoColor(environment: Environment = process.env): boolean {
  return Boolean(environment.NO_COLOR);
}

/** This process's environment, with the agent preloaded and a tag: for a command and what it starts. */
export function environmentOfRun(
  tag: string,
  preload: string,
  environment: Environment = process.env,
): Record<string, string | undefined> {
  const { NODE_OPTIONS: options = '' } = environment;
  // In quotes, `\` and `"` are written `\\` and `\"` (Node.js, "NODE_OPTIONS=options...").
  const option = `--require "${preload.replace(/[\\"]/g, '\\$&')}"`;
  const NODE_OPTIONS = options === '' ? option : `${options} ${option}`;
  // Whoever asks for an environment wants it on, whatever this shell has.
  return { ...environment, GRAY_ENABLED: undefined, GRAY_TAG: tag, NODE_OPTIONS };
}
