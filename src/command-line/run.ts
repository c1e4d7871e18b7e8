/** `rocketmq-gray run`: a command, and every Node.js process that it starts, in an environment of its own. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants, userInfo } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { type CommandLineEnvironment, environmentOfRun } from '../config/command-line';
import { canaryGroup } from '../rocketmq/plan/group-name';
import { branchAt, defaultTag } from './default-tag';
import { settingParser, UsageError } from './servers';
import type { Terminal } from './terminal';

interface RunOptions {
  readonly tag?: string;
}

/** As shells have it. */
const NOT_FOUND = 127;
const NOT_EXECUTABLE = 126;

export function runCommand(
  command: Command,
  environment: () => CommandLineEnvironment,
  terminal: Terminal,
  exit: (code: number) => void,
): Command {
  return command
    .description('start a command with the agent, as an environment of its own: a canary of the shared cluster')
    .argument('<command...>', 'what to start, after `--`: -- node app.js')
    .option(
      '--tag <tag>',
      'the environment (default: GRAY_TAG, else your user name and git branch)',
      settingParser('tag'),
    )
    .passThroughOptions()
    .addHelpText(
      'after',
      '\nExit code: 0 or another one, that of the command; 2 wrong usage, 126 or 127 where it cannot be started.',
    )
    .action(async ([program = '', ...args]: string[], options: RunOptions) => {
      const { settings } = environment();
      const { tag, source } = tagOf(options.tag, settings.tag);
      const { key, mqNamesrv } = settings;
      const namesrv = mqNamesrv ?? 'those of the application';
      terminal.complain(`${[program, ...args].join(' ')} runs as ${tag} (${source})`);
      terminal.complain(
        `its consumer groups end with ${canaryGroup('', tag)}, its calls and messages carry ${key}=${tag}; name servers: ${namesrv}`,
      );
      exit(await started(program, args, environmentOfRun(tag, preload()), terminal));
    });
}

function tagOf(given: string | undefined, set: string | undefined): { readonly tag: string; readonly source: string } {
  if (given !== undefined) return { tag: given, source: '--tag' };
  if (set !== undefined) return { tag: set, source: 'GRAY_TAG' };
  const user = userInfo().username;
  const branch = branchAt(process.cwd());
  const tag = defaultTag({ user, branch });
  if (tag === undefined) throw new UsageError(`no tag can be made of the user name ${user}: name one by --tag`);
  return { tag, source: branch === undefined ? `user ${user}` : `user ${user}, branch ${branch}` };
}

/** @throws UsageError where the package is not whole */
function preload(): string {
  // Beside the bundle that this is part of.
  const path = join(__dirname, '..', 'register', 'index.js');
  if (!existsSync(path)) throw new UsageError(`there is no ${path}: install rocketmq-gray again`);
  return path;
}

/** @returns the exit code, once the command has ended */
function started(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  terminal: Terminal,
): Promise<number> {
  return new Promise(resolve => {
    const child = spawn(program, args, { env, stdio: 'inherit' });
    const passOn = (signal: NodeJS.Signals) => void child.kill(signal);
    // Ctrl-C reaches the command by itself, in the same foreground group: it is waited for.
    const stay = () => {};
    process.on('SIGINT', stay).on('SIGTERM', passOn).on('SIGHUP', passOn);
    child.once('error', (error: NodeJS.ErrnoException) => {
      terminal.complain(
        `cannot start ${program}: ${error.code === 'ENOENT' ? 'there is no such command' : error.message}`,
      );
      resolve(error.code === 'ENOENT' ? NOT_FOUND : NOT_EXECUTABLE);
    });
    child.once('exit', (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
  });
}
