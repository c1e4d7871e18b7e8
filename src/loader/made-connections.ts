import type { Socket } from 'node:net';
import { wrapMethod } from '../foreign-objects/wrap';

type Connect = (this: Socket, ...args: unknown[]) => unknown;
/** @param args those of `net.Socket.prototype.connect`: from `net.connect` one array, of options and a listener */
type Look = (socket: Socket, args: readonly unknown[]) => void;
/** Calls `connect`, and returns what that does. */
type Around = (socket: Socket, connect: () => unknown) => unknown;

const looks: Look[] = [];
const arounds: Around[] = [];

/**
 * Shows each connection of this process before anything is sent over it, those of TLS sockets too. A look must not throw. It
 * comes when `connect` has returned: that puts the method `write` of a socket back to what it was.
 */
export function onMadeConnection(look: Look): void {
  looks.push(look);
  hookConnect();
}

/** Has `around` make each connection of this process, those of TLS sockets too. It must not throw by itself. */
export function makeConnections(around: Around): void {
  arounds.push(around);
  hookConnect();
}

function hookConnect(): void {
  const { Socket } = require('node:net') as typeof import('node:net');
  wrapMethod<Connect>(
    Socket.prototype,
    'connect',
    original =>
      function connect(this: Socket, ...args: unknown[]) {
        const make = arounds.reduce<() => unknown>(
          (inner, around) => () => around(this, inner),
          () => original.apply(this, args),
        );
        const result = make();
        for (const look of looks) look(this, args);
        return result;
      },
  );
}
