/** What `npm run image` makes: unpacked, and run as an init container. */
import { chmodSync, lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { PROJECT_ROOT } from '../../fixtures/applications/npm';
import { type UnpackedImage, unpackImage } from '../../fixtures/image/unpack';
import { imageOf, type PodOnMachine, podOnMachine } from '../../fixtures/kubernetes/kubelet';
import { run, runOk } from '../integration/child';

const LIMIT = 10_000_000;
const { version } = JSON.parse(readFileSync(join(PROJECT_ROOT, 'package.json'), 'utf8')) as { version: string };

let directory: string;
let image: UnpackedImage;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'rocketmq-gray-unpacked-'));
  chmodSync(directory, 0o755);
  image = await unpackImage(inject('image'), directory);
});
const pods: PodOnMachine[] = [];
afterAll(() => {
  for (const pod of pods) pod.remove();
  rmSync(directory, { recursive: true, force: true });
});

function filesOf(root: string): string[] {
  return readdirSync(root, { recursive: true, encoding: 'utf8' }).filter(file => lstatSync(join(root, file)).isFile());
}

/** A pod with nothing but our init container. */
function initOnly(user: number | undefined, command?: string[]): PodOnMachine {
  const pod = podOnMachine(
    {
      metadata: { name: 'pod' },
      spec: {
        ...(user !== undefined && { securityContext: { runAsUser: user } }),
        initContainers: [
          {
            name: 'rocketmq-gray',
            image: 'agent',
            ...(command && { command }),
            volumeMounts: [{ name: 'volume', mountPath: '/target' }],
          },
        ],
        containers: [],
        volumes: [{ name: 'volume', emptyDir: {} }],
      },
    },
    { agent: imageOf(image) },
  );
  pods.push(pod);
  return pod;
}

const init = (pod: PodOnMachine) => pod.init[0] ?? expect.fail('no init container');

it('is small, packed and unpacked, and has no native file but the one that copies', () => {
  const files = filesOf(image.root);
  const size = files.reduce((sum, file) => sum + statSync(join(image.root, file)).size, 0);
  expect(statSync(inject('image')).size).toBeLessThan(LIMIT);
  expect(size).toBeLessThan(LIMIT);
  expect(files.filter(file => /\.(node|so|dylib|dll)$/.test(file))).toEqual([]);
  const isElf = (file: string) => readFileSync(join(image.root, file)).subarray(1, 4).toString('latin1') === 'ELF';
  expect(files.filter(isElf)).toEqual(['bin/busybox']);
});

it('says what it is, and runs as a user that is not root', () => {
  expect(image.config).toMatchObject({
    User: '65532:65532',
    Entrypoint: ['/copy'],
    Labels: { 'org.opencontainers.image.title': 'rocketmq-gray', 'org.opencontainers.image.version': version },
  });
});

describe('as an init container, on a read-only root without capabilities', () => {
  it.each([
    ['its own user', undefined, undefined],
    ['another user', 123_456, undefined],
    ['the command of our manifests', 10_001, ['/copy', '/target']],
  ])('copies the agent, and once more where it is run again: %s', async (_, user, command) => {
    const pod = initOnly(user, command);
    for (let times = 0; times < 2; times++) {
      const { stdout, stderr } = await runOk(init(pod));
      expect([stdout, stderr]).toEqual(['', '']);
      const volume = pod.volume('volume');
      expect(filesOf(volume)).toEqual(filesOf(join(image.root, 'rocketmq-gray')));
      const status = statSync(join(volume, 'status'));
      expect((status.mode & 0o7777).toString(8)).toBe('1777');
      // Whoever runs the application reads what is there.
      const unreadable = readdirSync(volume, { recursive: true, encoding: 'utf8' }).filter(
        file => (statSync(join(volume, file)).mode & 0o004) === 0,
      );
      expect(unreadable).toEqual([]);
      if (user !== undefined && process.getuid?.() === 0) expect(status.uid).toBe(user);
    }
  });

  it('says what is wrong where it cannot', async () => {
    const { code, stderr } = await run(init(initOnly(undefined, ['/copy', '/elsewhere'])));
    expect(code).not.toBe(0);
    expect(stderr).toContain('/elsewhere');
  });
});
