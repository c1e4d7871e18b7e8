/** Services that call each other by name, without a registry: what tests of routes with each client have in common. */
export const BASELINE = '127.0.0.1';
export const CANARY = '127.0.0.2';

/** The hosts table of the applications. */
export const HOSTS = {
  'svc-b.shop.svc': BASELINE,
  'svc-b-gray.shop.svc': CANARY,
  'svc-c.shop.svc': BASELINE,
  'svc-d.shop.svc': BASELINE,
  // Nobody listens there.
  'svc-d-gray.shop.svc': '127.0.0.3',
  'named.example': BASELINE,
  'canary.example': CANARY,
};

export const ROUTES = {
  'named.example': { gray: 'canary.example' },
  '*.shop.svc': { '*': '{service}-{tag}.shop.svc' },
};
