/** True when the process was started for debug output of packages (`DEBUG=require-in-the-middle`). */
export function hasDebugOutput(): boolean {
  return process.env.DEBUG !== undefined;
}
