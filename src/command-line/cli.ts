#!/usr/bin/env node
/** `npx rocketmq-gray …`: what people ask about a fleet. Bundled into one file; nothing of it runs in an application. */
import { Command, CommanderError } from 'commander';
import { commandLineEnvironment, hasNoColor } from '../config/command-line';
import { SettingError } from '../config/load';
import { VERSION } from '../names/version';
import { keepingAlive } from '../rocketmq/remoting/keeping-alive';
import { cleanCommand } from './clean';
import { doctorCommand } from './doctor';
import { messageCommand } from './message';
import { pageCommand } from './page';
import { runCommand } from './run';
import { UsageError } from './servers';
import { statusCommand } from './status';
import { processTerminal } from './terminal';

/** Of all commands; what 1 means is in the help of each. */
const EXIT_CODES = '0 well, 1 what the command says of it, 2 nobody could be asked or wrong usage';
/** Wrong usage, or nobody could be asked. */
const NOTHING_DONE = 2;

async function run(args: readonly string[]): Promise<void> {
  const terminal = processTerminal(hasNoColor());
  const exit = (code: number) => {
    process.exitCode = code;
  };
  const program = new Command('rocketmq-gray')
    .description('What rocketmq-gray does in a fleet, asked of its brokers.')
    .version(VERSION, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print what there is')
    .helpCommand('help [command]', 'print what there is, or how to use a command')
    .addHelpText('after', `\nExit code: ${EXIT_CODES}.`)
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(`rocketmq-gray: ${text.replace(/^error: /, '')}`) });
  // Read when a command runs: a wrong setting is its error, and `--help` needs none.
  const environment = () => commandLineEnvironment();
  doctorCommand(program.command('doctor'), environment, terminal, exit);
  statusCommand(program.command('status'), environment, terminal, exit);
  messageCommand(program.command('message'), environment, terminal, exit);
  pageCommand(program.command('page'), environment, terminal);
  cleanCommand(program.command('clean'), environment, terminal, exit);
  runCommand(program.command('run'), environment, terminal, exit);

  try {
    await program.parseAsync([...args], { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) {
      // It has said what is wrong, or printed what was asked for.
      exit(error.exitCode === 0 ? 0 : NOTHING_DONE);
    } else if (error instanceof UsageError || error instanceof SettingError) {
      terminal.complain(error.message);
      exit(NOTHING_DONE);
    } else {
      throw error;
    }
  }
}

// Connections to brokers keep no process alive; what was asked for does.
void keepingAlive(() => run(process.argv.slice(2)));
