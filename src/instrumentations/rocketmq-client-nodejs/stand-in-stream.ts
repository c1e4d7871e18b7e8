/**
 * Telemetry streams of stand-ins of rocketmq-client-nodejs 1.x: whatever becomes of them, the application's process goes on.
 *
 * The client (1.0.8) takes its listeners off a stream that it lets go of. One that fails after that, since a proxy does not
 * find the group while a broker is away, has nobody who hears of it, and Node.js ends the process. A try to renew one that
 * is due after the shutdown makes another stream, which nobody closes.
 */
import type { ClientConsumer, TelemetryStream } from './client';
import { replace } from './replace';

type Streaming = Pick<ClientConsumer, 'createTelemetryStream'>;

/** From now on its streams end no process. */
export function harmlessStreams(standIn: Streaming): void {
  replace(standIn, 'createTelemetryStream', original => endpoints => {
    const stream = original(endpoints);
    replace(stream, 'removeAllListeners', removeAll => (...args) => {
      removeAll(...args);
      stream.on('error', () => {});
      return stream;
    });
    return stream;
  });
}

/** The client is shut down: it gets no stream any more. */
export function noMoreStreams(standIn: Streaming): void {
  replace(standIn, 'createTelemetryStream', () => () => new NoStream());
}

/** Takes everything and tells nothing. */
class NoStream implements TelemetryStream {
  on(): this {
    return this;
  }
  once(): this {
    return this;
  }
  removeAllListeners(): this {
    return this;
  }
  write(): boolean {
    return true;
  }
  end(): void {}
}
