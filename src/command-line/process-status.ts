/** The place of `rocketmq-gray status PID`: one process, asked over its status socket. */

/** @returns the exit code */
export async function showProcess(_target: string, _options: { readonly json: boolean }): Promise<number> {
  process.stderr.write('rocketmq-gray: the status of one process does not exist yet; without PID: that of the fleet\n');
  return 2;
}
