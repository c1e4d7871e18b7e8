/** Java applications of fixtures/java as child processes. */
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { type JavaApplication, javaProgram } from '../../fixtures/java/install';
import { type RunningChild, start } from '../integration/child';

export interface Options {
  /** A directory that is removed: its home is in it. */
  readonly home: string;
  /** With OpenTelemetry's agent. */
  readonly hasOpenTelemetry?: boolean;
}

/** A Java virtual machine that starts on a busy machine takes its time, and with an agent still longer. */
const START_MS = 120_000;

/** Starts a class of an application, and waits until it says that it is up. */
export async function startJava(
  application: JavaApplication,
  mainClass: string,
  env: Readonly<Record<string, string>>,
  { home, hasOpenTelemetry = false }: Options,
): Promise<RunningChild> {
  // Of two that make the same directory at once, one fails (AbstractRegistry of Dubbo).
  const own = mkdtempSync(join(home, 'java-'));
  const { command, args } = javaProgram(application, mainClass, hasOpenTelemetry);
  const options = [`-Duser.home=${own}`, '-Djava.net.preferIPv4Stack=true'];
  const child = start({ command, args: [...options, ...args], cwd: own, env: { HOME: own, ...env } });
  await child.waitFor(/^\{"(up|port)":/, START_MS);
  return child;
}

/** What an application prints in lines of JSON that have `key`. */
export function linesOf(child: RunningChild, key: string): Record<string, unknown>[] {
  return child.stdout
    .split('\n')
    .filter(line => line.startsWith('{') && line.endsWith('}'))
    .map(line => JSON.parse(line) as Record<string, unknown>)
    .filter(line => key in line);
}

export function portOf(child: RunningChild): number {
  return Number(linesOf(child, 'port')[0]?.port);
}

/** The bodies of the messages that a consumer got. */
export function bodiesOf(child: RunningChild): string[] {
  return linesOf(child, 'got')
    .map(({ got }) => String(got))
    .sort();
}
