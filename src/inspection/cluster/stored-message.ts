/**
 * A message as a broker keeps it (source: MessageDecoder.java and CommitLog.java, 4.5 to 5.5). The body is not looked at: it is
 * nobody's business here.
 */

export interface StoredMessage {
  readonly topic: string;
  readonly queueId: number;
  readonly queueOffset: number;
  /** The broker's own id of it: its address, and its place in the log (MessageDecoder.createMessageId). */
  readonly offsetId: string;
  /** Ms since 1970, by the producer's clock and by the broker's. */
  readonly bornAt: number;
  readonly storedAt: number;
  /** `host:port`, or `[host]:port`. Of a gRPC client as its proxy tells it. */
  readonly bornHost: string;
  readonly reconsumeTimes: number;
  /** Bytes, as stored: it may be compressed. */
  readonly bodySize: number;
  readonly properties: Readonly<Record<string, string>>;
}

/** Bytes that are no message. */
export class StoredMessageError extends Error {
  override readonly name = 'StoredMessageError';
}

const MAGIC_V1 = 0xdaa320a7;
/** With two bytes for the length of the topic's name. */
const MAGIC_V2 = 0xdaa320ab;
const BORN_HOST_IS_IPV6 = 1 << 4;
const STORE_HOST_IS_IPV6 = 1 << 5;

/** @throws StoredMessageError */
export function storedMessages(bytes: Buffer): StoredMessage[] {
  const messages: StoredMessage[] = [];
  try {
    for (let start = 0; start < bytes.length; ) {
      const size = bytes.readInt32BE(start);
      if (size <= 0 || start + size > bytes.length) throw new StoredMessageError(`a message of ${size} bytes`);
      messages.push(storedMessage(bytes.subarray(start, start + size)));
      start += size;
    }
  } catch (error) {
    if (error instanceof RangeError) throw new StoredMessageError('a message that ends too early', { cause: error });
    throw error;
  }
  return messages;
}

function storedMessage(bytes: Buffer): StoredMessage {
  const { int, long, short, byte, text, take, skip } = reader(bytes);

  skip(4); // its size
  const magic = int() >>> 0;
  if (magic !== MAGIC_V1 && magic !== MAGIC_V2) throw new StoredMessageError(`magic ${magic.toString(16)}`);
  skip(4); // checksum of the body
  const queueId = int();
  skip(4); // flag of the application
  const queueOffset = long();
  const logOffset = take(8);
  const flags = int();
  const bornAt = long();
  const bornHost = take(flags & BORN_HOST_IS_IPV6 ? 20 : 8);
  const storedAt = long();
  const storeHost = take(flags & STORE_HOST_IS_IPV6 ? 20 : 8);
  const reconsumeTimes = int();
  skip(8); // place of a half message
  const bodySize = int();
  skip(bodySize);
  const topic = text(magic === MAGIC_V1 ? byte() : short());
  const properties = propertiesIn(text(short()));
  const offsetId = Buffer.concat([storeHost, logOffset]).toString('hex').toUpperCase();
  const place = { topic, queueId, queueOffset, offsetId };
  return { ...place, bornAt, storedAt, bornHost: hostIn(bornHost), reconsumeTimes, bodySize, properties };
}

/** Reads one value after the other. @throws RangeError behind the end */
function reader(bytes: Buffer) {
  let at = 0;
  const take = (length: number): Buffer => {
    const start = at;
    at += length;
    if (length < 0 || at > bytes.length) throw new RangeError('behind the end');
    return bytes.subarray(start, at);
  };
  return {
    take,
    skip: (length: number) => void take(length),
    byte: () => take(1).readUInt8(),
    short: () => take(2).readInt16BE(),
    int: () => take(4).readInt32BE(),
    long: () => Number(take(8).readBigInt64BE()),
    text: (length: number) => take(length).toString('utf8'),
  };
}

/** An address and a port of four bytes. */
function hostIn(bytes: Buffer): string {
  const address = bytes.subarray(0, -4);
  const port = bytes.readInt32BE(address.length);
  if (address.length === 4) return `${address.join('.')}:${port}`;
  const groups = Array.from({ length: 8 }, (_, index) => address.readUInt16BE(2 * index).toString(16));
  return `[${groups.join(':')}]:${port}`;
}

const BETWEEN_NAME_AND_VALUE = '\u0001';
const BETWEEN_PROPERTIES = '\u0002';

function propertiesIn(text: string): Record<string, string> {
  const properties = text.split(BETWEEN_PROPERTIES).flatMap(property => {
    const end = property.indexOf(BETWEEN_NAME_AND_VALUE);
    return end < 0 ? [] : [[property.slice(0, end), property.slice(end + 1)] as const];
  });
  return Object.fromEntries(properties);
}
