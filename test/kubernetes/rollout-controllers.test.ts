/** The manifests for Argo Rollouts and OpenKruise Rollouts, against the definitions that these bring. No controller of theirs runs. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PROJECT_ROOT } from '../../fixtures/applications/npm';
import { type ControlPlane, startControlPlane } from '../../fixtures/kubernetes/control-plane';
import { type Definition, definitionPath } from '../../fixtures/kubernetes/install';
import { until } from '../../fixtures/servers/until';
import { blocksOf } from '../operations/documented-blocks';

const DOCS = join(PROJECT_ROOT, 'docs');
const MANIFESTS: readonly [Definition, string, string][] = [
  ['argo-rollouts', 'orders-argo.yaml', 'canaryMetadata'],
  ['openkruise-rollouts', 'orders-openkruise.yaml', 'patchPodTemplateMetadata'],
];
const KNOWN_MS = 60_000;

let cluster: ControlPlane;
beforeAll(async () => {
  cluster = await startControlPlane();
});
afterAll(() => cluster?.stop());

/** Strict: a field that the definition does not have is refused. */
const create = (manifest: string) =>
  cluster.kubectl(['create', '--dry-run=server', '--validate=strict', '--filename=-'], manifest);

describe.each(MANIFESTS)('%s', (definition, file, field) => {
  const manifest = readFileSync(join(DOCS, 'kubernetes', file), 'utf8');

  beforeAll(async () => {
    const { code, stderr } = await cluster.kubectl(['create', '--filename', definitionPath(definition)]);
    expect([code, stderr]).toEqual([0, '']);
    await until('the resource is known', KNOWN_MS, async () => (await create(manifest)).code === 0);
  });

  it('takes the manifest, and refuses it where its field is spelt otherwise', async () => {
    expect(await create(manifest)).toMatchObject({ code: 0, stderr: '' });
    const misspelt = await create(manifest.replace(field, `${field}s`));
    expect(misspelt.code).not.toBe(0);
    expect(misspelt.stderr).toContain(`unknown field "spec.strategy.canary.${field}s"`);
  });

  it('is what the page shows', () => {
    const page = readFileSync(join(DOCS, 'kubernetes.md'), 'utf8');
    const shown = blocksOf(page, 'yaml').find(text => text.includes(`${field}:`));
    expect(shown).toBeDefined();
    expect(manifest).toContain(shown);
  });
});
