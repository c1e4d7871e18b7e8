/** Which channels of @grpc/grpc-js have routes, and what those are made of that go to a target. */
import { describe, expect, it } from 'vitest';
import { type Recipe, recipeOf, siblingArguments } from '../../src/instrumentations/grpc-js/channel-recipe';

const CREDENTIALS = {};

describe('a channel to', () => {
  it.each<[string, string, number, string]>([
    ['svc-b:8080', 'svc-b', 8080, 'svc-b:8080'],
    ['svc-b.shop.svc', 'svc-b.shop.svc', 443, 'svc-b.shop.svc'],
    ['dns:svc-b:8080', 'svc-b', 8080, 'svc-b:8080'],
    ['dns:///svc-b:8080', 'svc-b', 8080, 'svc-b:8080'],
    ['dns://8.8.8.8/svc-b:8080', 'svc-b', 8080, 'svc-b:8080'],
  ])('%s calls a name', (target, host, port, authority) => {
    expect(recipeOf([target, CREDENTIALS, {}])).toMatchObject({ called: { host, port }, authority });
  });

  it.each([
    'ipv4:10.0.0.7:8080',
    'ipv6:[::1]:8080',
    '[::1]:8080',
    'unix:/run/b.sock',
    'unix:///run/b.sock',
    'xds:///svc-b',
    'svc-b:http',
    '',
  ])('%s calls none', target => {
    expect(recipeOf([target, CREDENTIALS, {}])).toBe(undefined);
  });
});

describe('a channel', () => {
  it('has the authority that its options name', () => {
    const options = { 'grpc.default_authority': 'virtual.example' };
    expect(recipeOf(['svc-b:8080', CREDENTIALS, options])?.authority).toBe('virtual.example');
    expect(recipeOf(['svc-b:8080', CREDENTIALS, undefined])?.authority).toBe('svc-b:8080');
  });

  it('whose credentials check servers by a function, where that can be seen, is left alone', () => {
    const checks = (connection: object | null) => ({ _getConnectionOptions: () => connection });
    expect(recipeOf(['svc-b:8080', checks({ checkServerIdentity: () => undefined }), {}])).toBe(undefined);
    expect(recipeOf(['svc-b:8080', checks({ secureContext: {} }), {}])).toBeDefined();
    expect(recipeOf(['svc-b:8080', checks(null), {}])).toBeDefined();
  });
});

describe('one beside it', () => {
  const to = { host: 'svc-b-gray', port: 8081, takesHost: false };
  const recipe = (target: string, options: object = {}) => recipeOf([target, CREDENTIALS, options]) as Recipe;

  it('goes to the target in the same way, and the server has to prove the name that was called', () => {
    expect(siblingArguments(recipe('dns://8.8.8.8/svc-b:8080', { own: 1 }), to)).toEqual([
      'dns://8.8.8.8/svc-b-gray:8081',
      CREDENTIALS,
      { own: 1, 'grpc.ssl_target_name_override': 'svc-b' },
    ]);
  });

  it('has to prove the name that the application says, or the target where its route says so', () => {
    const options = { 'grpc.ssl_target_name_override': 'own.example' };
    expect(siblingArguments(recipe('svc-b:8080', options), to)[2]).toEqual(options);
    expect(siblingArguments(recipe('svc-b:8080', options), { ...to, takesHost: true })[2]).toEqual(options);
    expect(siblingArguments(recipe('svc-b:8080'), { ...to, takesHost: true })[2]).toEqual({});
  });

  it('leaves the options of the application as they are', () => {
    const options = Object.freeze({ own: 1 });
    siblingArguments(recipe('svc-b:8080', options), to);
    expect(options).toEqual({ own: 1 });
  });
});
