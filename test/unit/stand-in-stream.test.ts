import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { harmlessStreams, noMoreStreams } from '../../src/instrumentations/rocketmq-client-nodejs/stand-in-stream';

/** As far as the client uses one. */
class Stream extends EventEmitter {
  readonly written: unknown[] = [];
  write(command: unknown): void {
    this.written.push(command);
  }
  end(): void {}
}

function standIn() {
  const made: Stream[] = [];
  const client = {
    createTelemetryStream(_endpoints: object) {
      made.push(new Stream());
      return made.at(-1) as Stream;
    },
  };
  harmlessStreams(client);
  return { client, made };
}

describe('telemetry streams of stand-ins', () => {
  it('end no process when they fail after the client has let go of them', () => {
    const { client, made } = standIn();
    const heard: unknown[] = [];
    const stream = client.createTelemetryStream({});
    stream.once('error', error => heard.push(error));
    made[0]?.emit('error', new Error('group not found'));
    expect(heard).toHaveLength(1);
    stream.removeAllListeners();
    expect(() => made[0]?.emit('error', new Error('group not found'))).not.toThrow();
    // The client's own listeners still hear of what they are put on for later.
    stream.on('error', error => heard.push(error));
    made[0]?.emit('error', new Error('again'));
    expect(heard).toHaveLength(2);
  });

  it('are made no more once the client is shut down', () => {
    const { client, made } = standIn();
    client.createTelemetryStream({}).write('settings');
    noMoreStreams(client);
    const none = client.createTelemetryStream({});
    none.on('data', () => {});
    none.once('error', () => {});
    none.once('end', () => {});
    none.write('settings');
    none.end();
    none.removeAllListeners();
    expect(made.map(({ written }) => written)).toEqual([['settings']]);
  });
});
