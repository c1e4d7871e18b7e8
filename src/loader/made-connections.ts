import type { Socket } from 'node:net';
import { wrapMethod } from '../foreign-objects/wrap';

type Connect = (this: Socket, ...args: unknown[]) => unknown;
/** @param args those of `net.Socket.prototype.connect`: from `net.connect` one array, of options and a listener */
type Look = (socket: Socket, args: readonly unknown[]) => void;

const looks: Look[] = [];

/**
 * Shows each connection of this process before anything is sent over it, those of TLS sockets too. A look must not throw. It
 * comes when `connect` has returned: that puts the method `write` of a socket back to what it was.
 */
export function onMadeConnection(look: Look): void {
  looks.push(look);
  if (looks.length > 1) return;
  const { Socket } = require('node:net') as typeof import('node:net');
  wrapMethod<Connect>(
    Socket.prototype,
    'connect',
    original =>
      function connect(this: Socket, ...args: unknown[]) {
        const result = original.apply(this, args);
        for (const look of looks) look(this, args);
        return result;
      },
  );
}
