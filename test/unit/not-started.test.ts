import { expect, it } from 'vitest';
import { TAG_VARIABLES } from '../../register/not-started.js';
import { SETTINGS } from '../../src/config/settings';

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
