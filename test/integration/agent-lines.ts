/** The output of a process with the agent's lines as `[rocketmq-gray] text`: without their times, process ids and codes. */
export function withoutTimes(output: string): string {
  return output.replace(/^(\[rocketmq-gray\]) \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z \d+ GRAY-\d{3} /gm, '$1 ');
}

/** The agent's lines in an output, without all that. */
export function agentLines(output: string): string[] {
  return [...withoutTimes(output).matchAll(/^\[rocketmq-gray\] (.*)$/gm)].map(([, text]) => text as string);
}
