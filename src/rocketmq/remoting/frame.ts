/**
 * RocketMQ's remoting protocol, bytes only: `int32 length | int32 header length | header | body`, big-endian, where the
 * first length counts all that follows it and the top byte of the second names the header's encoding, 0 for JSON
 * (source: RemotingCommand.java, NettyDecoder.java; the same from 4.0 to 5.5).
 */

/** A request or a response: a header and an opaque body. */
export interface RemotingFrame {
  /** Of a request: the command. Of a response: 0 or an error of ResponseCode.java. */
  readonly code: number;
  /** Bit 0: a response. Bit 1: a one-way request. */
  readonly flag: number;
  /** Pairs a response with its request. */
  readonly opaque: number;
  /** The sender's release: an ordinal of MQVersion.java. */
  readonly version: number;
  readonly remark: string;
  readonly extFields: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** Bytes that are not a frame: the connection they came from cannot be read any further. */
// In each bundle: whoever catches one treats it as any other error.
export class RemotingFrameError extends Error {
  override readonly name = 'RemotingFrameError';
}

const RESPONSE_FLAG = 1;
const JSON_HEADER = 0;
const LENGTH_BYTES = 4;
/** Bytes. Servers and Java clients stop at 16 MiB (com.rocketmq.remoting.frameMaxLength), but that can be raised. */
const LARGEST_FRAME = 64 * 1024 * 1024;

export function isResponse(frame: RemotingFrame): boolean {
  return (frame.flag & RESPONSE_FLAG) !== 0;
}

export function encodeFrame(frame: RemotingFrame): Buffer {
  const header = Buffer.from(
    JSON.stringify({
      code: frame.code,
      flag: frame.flag,
      // An enumeration on the Java side, which has no NODEJS; a broker refuses a header whose language it cannot read.
      language: 'OTHER',
      opaque: frame.opaque,
      version: frame.version,
      remark: frame.remark,
      extFields: frame.extFields,
    }),
  );
  const lengths = Buffer.allocUnsafe(2 * LENGTH_BYTES);
  lengths.writeUInt32BE(LENGTH_BYTES + header.length + frame.body.length, 0);
  lengths.writeUInt32BE(header.length, LENGTH_BYTES);
  return Buffer.concat([lengths, header, frame.body]);
}

/**
 * A decoder for one byte stream: give it the stream's pieces, cut anywhere; it answers the frames each piece completes.
 *
 * @throws RemotingFrameError for bytes that are no JSON-headed frame
 */
export function frameDecoder(): (chunk: Buffer) => RemotingFrame[] {
  let chunks: Buffer[] = [];
  let size = 0;
  // Pieces are joined only when a frame's last byte is there, so a long frame costs one copy.
  let needed = LENGTH_BYTES;
  return chunk => {
    chunks.push(chunk);
    size += chunk.length;
    const frames: RemotingFrame[] = [];
    while (size >= needed) {
      const bytes = chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks);
      const length = bytes.readUInt32BE(0);
      if (length < LENGTH_BYTES || length > LARGEST_FRAME) throw new RemotingFrameError(`a frame of ${length} bytes`);
      const end = LENGTH_BYTES + length;
      const complete = size >= end;
      if (complete) frames.push(decodeFrame(bytes.subarray(LENGTH_BYTES, end)));
      const rest = complete ? bytes.subarray(end) : bytes;
      chunks = rest.length > 0 ? [rest] : [];
      size = rest.length;
      needed = complete ? LENGTH_BYTES : end;
    }
    return frames;
  };
}

/** @param bytes a frame without its leading length */
function decodeFrame(bytes: Buffer): RemotingFrame {
  const encoding = bytes.readUInt8(0);
  const headerEnd = LENGTH_BYTES + (bytes.readUInt32BE(0) & 0xffffff);
  if (encoding !== JSON_HEADER) throw new RemotingFrameError(`a header in encoding ${encoding}, not JSON`);
  if (headerEnd > bytes.length) throw new RemotingFrameError('a header longer than its frame');
  const header = parseHeader(bytes.toString('utf8', LENGTH_BYTES, headerEnd));
  const { code, flag, opaque } = header;
  if (typeof code !== 'number' || typeof flag !== 'number' || typeof opaque !== 'number') {
    throw new RemotingFrameError('a header without code, flag or opaque');
  }
  return {
    code,
    flag,
    opaque,
    version: typeof header.version === 'number' ? header.version : 0,
    remark: typeof header.remark === 'string' ? header.remark : '',
    extFields: isRecord(header.extFields) ? stringValues(header.extFields) : {},
    body: bytes.subarray(headerEnd),
  };
}

function parseHeader(text: string): Record<string, unknown> {
  let header: unknown;
  try {
    header = parseFastjson(text);
  } catch (cause) {
    throw new RemotingFrameError('a header that is no JSON', { cause });
  }
  if (!isRecord(header)) throw new RemotingFrameError('a header that is no JSON object');
  return header;
}

function stringValues(record: Record<string, unknown>): Record<string, string> {
  const entries = Object.entries(record).filter(([, value]) => value !== null && value !== undefined);
  return Object.fromEntries(entries.map(([key, value]) => [key, String(value)]));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A JSON string whole, so that nothing within it is taken for a key; or an integer, or a flat object, where a key stands. */
// In each bundle: `replace` begins at the start each time.
const STRING_OR_UNQUOTED_KEY =
  /"[^"\\]*(?:\\.[^"\\]*)*"|([{,]\s*)(-?\d+|\{(?:"[^"\\]*(?:\\.[^"\\]*)*"|[^{}"])*\})(?=\s*:)/gs;

/**
 * Parses JSON as RocketMQ's servers write it: fastjson leaves the keys of a `Map<Long, …>` unquoted, as in
 * `{"brokerAddrs":{0:"10.0.0.1:10911"}}`, and writes those of a `Map<MessageQueue, …>` as objects, as in
 * `{{"brokerName":"a","queueId":0,"topic":"T"}:{…}}`. Such keys become strings, of JSON in the latter case; all else is JSON.
 *
 * @throws SyntaxError
 */
export function parseFastjson(text: string): unknown {
  return JSON.parse(
    text.replace(STRING_OR_UNQUOTED_KEY, (token, before?: string, key?: string) =>
      key === undefined ? token : `${before}${JSON.stringify(key)}`,
    ),
  );
}
