/** `rocketmq-gray page`: a local web page that draws the fleet. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { CommandLineEnvironment } from '../config/command-line';
import { fleetInspection } from '../inspection/fleet/fleet-inspection';
import { interrupted } from './interrupt';
import { servePage } from './page-server';
import { type FleetOptions, fleetQuestion, secondsOf, withFleet } from './status';
import type { Terminal } from './terminal';

interface PageOptions extends FleetOptions {
  readonly port: number;
  readonly interval: number;
}

export function pageCommand(command: Command, environment: () => CommandLineEnvironment, terminal: Terminal): Command {
  return withFleet(command)
    .description('serve a web page on 127.0.0.1 that draws the fleet: lanes of environments, flows, backlog, stand-ins')
    .addOption(new Option('--port <port>', 'where; 0: any free port').argParser(portOf).default(0))
    .addOption(new Option('--interval <seconds>', 'between two looks').argParser(secondsOf).default(2))
    .addHelpText('after', '\nExit code: 0 when it was ended (Ctrl-C), 2 for wrong usage or a port that cannot be used.')
    .action(async (options: PageOptions) => {
      const inspection = fleetInspection(fleetQuestion(options, environment()));
      const signal = interrupted();
      try {
        const page = await servePage(inspection, { port: options.port, intervalMs: options.interval * 1_000 });
        terminal.print(`The fleet is drawn at ${page.url} (until Ctrl-C)`);
        await new Promise<void>(resolve => signal.addEventListener('abort', () => resolve()));
        await page.close();
      } finally {
        inspection.close();
      }
    });
}

function portOf(text: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port;
  throw new InvalidArgumentError('Allowed: 0 to 65535.');
}
