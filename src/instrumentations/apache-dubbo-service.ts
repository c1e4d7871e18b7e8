/**
 * apache-dubbo-service 0.0.x, providers of Dubbo services: a call is handled within its tag, and a canary's services are
 * registered as such.
 *
 * Hooks, 0.0.1, of `DubboService.prototype`: `invokeComposeChainRequest` (decodes a call and runs its middlewares, the
 * handler last) and `buildUrl` (what the registry is told of a service).
 */
import { stringify } from 'node:querystring';
import type { Agent } from '../agent/agent';
import type { Exports, Instrumentation } from '../agent/instrumentation';
import { type AnyFunction, wrapMethod } from '../foreign-objects/wrap';
import type { Attachments } from '../propagation/rpc-attachments';

interface Call {
  readonly request: { readonly attachment?: Attachments };
}
type Middleware = (call: Call, next: () => Promise<unknown>) => Promise<unknown>;
interface DubboService {
  readonly middlewares: readonly Middleware[];
}

export const apacheDubboService: Instrumentation = {
  module: 'apache-dubbo-service',
  versions: '>=0.0.1 <0.1',
  files: {
    'lib/dubbo-service.js': (exports: Exports, agent) => patchService(exports.default.prototype, agent),
  },
};

function patchService(prototype: object, agent: Agent): void {
  const { attachments, context, guard, routing } = agent;

  const withinTag: Middleware = (call, next) => {
    const tag = guard('reading the tag of a Dubbo call', undefined, () => attachments.extract(call.request.attachment));
    return context.run(tag, next);
  };

  wrapMethod<AnyFunction>(
    prototype,
    'invokeComposeChainRequest',
    original =>
      async function invokeComposeChainRequest(this: DubboService, ...args: unknown[]) {
        // The first of the middlewares, in this call's view of the service only: the application's list stays its own.
        const service = guard('handling a Dubbo call', this, () =>
          Object.create(this, { middlewares: { value: [withinTag, ...this.middlewares] } }),
        );
        return original.apply(service, args);
      },
  );

  wrapMethod<AnyFunction>(
    prototype,
    'buildUrl',
    original =>
      function buildUrl(this: unknown, ...args: unknown[]) {
        const url: string = original.apply(this, args);
        return guard('registering a Dubbo service', url, () => {
          const parameters = Object.fromEntries(new URL(url).searchParams);
          const registered = routing.registration(parameters);
          if (registered === undefined || registered === parameters) return url;
          const added = Object.entries(registered).filter(([name, value]) => parameters[name] !== value);
          return added.length === 0 ? url : `${url}&${stringify(Object.fromEntries(added))}`;
        });
      },
  );
}
