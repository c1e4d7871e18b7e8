import type { Server } from 'node:net';
import { wrapMethod } from '../foreign-objects/wrap';

type Listen = (this: Server, ...args: unknown[]) => unknown;

const looks: (() => void)[] = [];

/** Tells of each server of this process that is about to listen, those of TLS too. A look must not throw. */
export function onListeningServer(look: () => void): void {
  looks.push(look);
  const { Server } = require('node:net') as typeof import('node:net');
  wrapMethod<Listen>(
    Server.prototype,
    'listen',
    original =>
      function listen(this: Server, ...args: unknown[]) {
        for (const look of looks) look();
        return original.apply(this, args);
      },
  );
}
