import type { Check } from '../../src/inspection/doctor/check';
import type { Fleet, Group } from '../../src/inspection/fleet/fleet-shape';
import { run } from '../integration/child';
import type { Sandbox } from '../integration/sandbox';

export interface CommandLine {
  status(...args: readonly string[]): Promise<Fleet>;
  doctor(...args: readonly string[]): Promise<readonly Check[]>;
}

/** @param env who asks, and whom */
export function commandLine(sandbox: Sandbox, env: Readonly<Record<string, string>>): CommandLine {
  const script = sandbox.commandLine;
  const call = async (...args: readonly string[]) => {
    const { stdout, stderr } = await run({ args: [script, ...args, '--json'], cwd: sandbox.directory, env });
    return JSON.parse(stdout || JSON.stringify(stderr));
  };
  return {
    status: (...args) => call('status', ...args),
    doctor: async (...args) => (await call('doctor', ...args)).checks,
  };
}

/** Who takes the messages of a tag in a group, in a picture of the fleet. */
export function takenBy(fleet: Fleet, baselineGroup: string, tag: string | null): Group['takenBy'] | undefined {
  return fleet.groups.find(group => group.baselineGroup === baselineGroup && group.tag === tag)?.takenBy;
}

/** What a check found, with its verdict. */
export function found(checks: readonly Check[], name: string): string[] {
  return checks.filter(({ check }) => check === name).map(({ verdict, finding }) => `${verdict}: ${finding}`);
}
