import { startLines } from '../lines/start';

/** A wrong setting. The message is the one line that people see: variable or key, value, what is allowed. */
export class SettingError extends Error {
  /** @param problem what is wrong, without the words that introduce it */
  constructor(
    message: string,
    readonly problem = message,
  ) {
    super(message);
  }
}

/** @param where a variable, or a key in a document */
export function wrongSetting(where: string, value: string, allowed: string): SettingError {
  const wrong = { where, value: quote(value), allowed };
  return new SettingError(startLines.wrongSetting.words(wrong), `${where}=${wrong.value}; allowed: ${allowed}`);
}

/** Values are shown without control characters and cut: what a person typed, not what a log can choke on. */
export function quote(value: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: removing them is the point
  const clean = value.replace(/[\u0000-\u001f\u007f]/g, '?');
  return clean.length > 200 ? `${clean.slice(0, 200)}…` : clean;
}
