/** The policies say the same, and name the version that is packed. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { VERSION } from '../../src/names/version';

const DIRECTORY = join(__dirname, '../../deploy/kubernetes');
const read = (file: string) => readFileSync(join(DIRECTORY, file), 'utf8');

/** What is worked out and changed: from the variables to the end of the policy. */
const body = (file: string) => /^ {2}variables:\n[\s\S]*?(?=^---|(?![\s\S]))/m.exec(read(file))?.[0];

it.each(readdirSync(DIRECTORY).filter(file => file.endsWith('.yaml')))(
  '%s has the same variables and mutations',
  file => {
    expect(body(file)).toContain('mutations:');
    expect(body(file)).toBe(body('mutating-admission-policy.yaml'));
  },
);

it.each([...readdirSync(DIRECTORY).filter(file => file.endsWith('.yaml')), 'component/values.yaml'])(
  '%s names the image of this version',
  file => {
    expect(read(file).match(/rocketmq-gray:\d[\w.-]*/g)).toEqual([`rocketmq-gray:${VERSION}`]);
  },
);
