/** `rocketmq-gray` itself, in the place of `rocketmq-gray/register`, by name or by path. */
const PACKAGE = /(?:^|\s)(?:-r|--require|--import)[\s=]+["']?(?:\S*[\\/])?rocketmq-gray[\\/]?["']?(?=\s|$)/;

/** Whether Node.js was told to preload the package itself. */
export function preloadsPackage(
  options: readonly string[] = [...process.execArgv, process.env.NODE_OPTIONS ?? ''],
): boolean {
  return PACKAGE.test(options.join(' '));
}
