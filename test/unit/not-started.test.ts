import { expect, it } from 'vitest';
import { LINES, TAG_VARIABLES } from '../../register/not-started.js';
import { SETTINGS } from '../../src/config/settings';
import { startLines } from '../../src/lines/start';

it('knows the variables of the tag', () => {
  expect(TAG_VARIABLES).toEqual(SETTINGS.find(({ name }) => name === 'tag')?.variables);
});

it.each([
  ['enabled', 'GRAY_ENABLED'],
  ['onFailure', 'GRAY_ON_FAILURE'],
  ['logTo', 'GRAY_LOG_TO'],
])('%s is %s, as where the agent starts', (name, variable) => {
  expect(SETTINGS.find(setting => setting.name === name)?.variables).toEqual([variable]);
});

it('says the lines of the catalogue', () => {
  const versions = { version: '16.0.0', oldest: '18.19' };
  const problem = { problem: 'no such file' };
  const own = [LINES.tooOld, LINES.notLoaded].map(({ code }) => code);
  expect(own).toEqual([startLines.tooOld.code, startLines.notLoaded.code]);
  expect(LINES.tooOld.words(versions)).toBe(startLines.tooOld.words(versions));
  expect(LINES.notLoaded.words(problem)).toBe(startLines.notLoaded.words(problem));
});
