import { describe, expect, it } from 'vitest';
import { originOf } from '../../src/instrumentations/undici/origins';

describe('origins of calls, as URLs have them', () => {
  it.each([
    ['http://orders:8080', { hostname: 'orders', port: 8080, host: 'orders:8080', text: 'http://orders:8080' }],
    ['HTTP://Orders:8080/path', { hostname: 'orders', port: 8080, host: 'orders:8080', text: 'http://orders:8080' }],
    ['http://localhost.:8080', { hostname: 'localhost', port: 8080, host: 'localhost:8080' }],
    ['http://orders', { hostname: 'orders', port: 80, host: 'orders', text: 'http://orders' }],
    ['http://orders:80', { hostname: 'orders', port: 80, host: 'orders', text: 'http://orders' }],
    ['https://orders:443', { protocol: 'https:', port: 443, host: 'orders', text: 'https://orders' }],
    ['http://[0:0:0:0:0:0:0:1]:8080', { hostname: '::1', port: 8080, host: '[::1]:8080', text: 'http://[::1]:8080' }],
    ['http://127.1:8080', { hostname: '127.0.0.1', host: '127.0.0.1:8080' }],
    ['http://127.0.0.1.:8080', { hostname: '127.0.0.1', host: '127.0.0.1:8080' }],
  ])('%s', (text, expected) => {
    expect(originOf(text)).toMatchObject(expected);
    expect(originOf(new URL(text))).toMatchObject(expected);
  });

  it.each([undefined, null, '', 'orders:8080 ', 'http://', 8080, {}])('%s names none', value => {
    expect(originOf(value)).toBeUndefined();
  });
});
