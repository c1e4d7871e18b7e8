/**
 * What a consumer says to a proxy by gRPC: in which group it is. The fields are those of
 * `apache/rocketmq/v2/service.proto`; a gRPC message follows a byte (compressed or not) and its length.
 */

/** The field that holds the group, a `Resource`, in the requests of a consumer. */
const GROUP_FIELD: Readonly<Record<string, number>> = { ReceiveMessage: 1, QueryAssignment: 2 };
/** The field `name` of a `Resource`. */
const NAME_FIELD = 2;
const PREFIX_BYTES = 5;

/** Reads the group out of the request of a method; undefined: consumers do not call it. */
export function groupOfRequest(method: string): ((chunk: Buffer) => string | undefined) | undefined {
  const field = Object.hasOwn(GROUP_FIELD, method) ? GROUP_FIELD[method] : undefined;
  if (field === undefined) return undefined;
  return chunk => {
    if (chunk.length <= PREFIX_BYTES || chunk[0] !== 0) return undefined;
    const resource = lengthDelimited(chunk.subarray(PREFIX_BYTES), field);
    return resource && lengthDelimited(resource, NAME_FIELD)?.toString();
  };
}

/** The first field of that number whose value has a length (a message, a text); undefined: none before the end. */
function lengthDelimited(message: Buffer, field: number): Buffer | undefined {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let factor = 1; at < message.length; factor *= 128) {
      const byte = message[at++] as number;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
    return Number.NaN;
  };
  while (at < message.length) {
    const key = varint();
    const wireType = key & 7;
    if (wireType === 0) varint();
    else if (wireType === 1) at += 8;
    else if (wireType === 5) at += 4;
    else if (wireType === 2) {
      const length = varint();
      const value = message.subarray(at, at + length);
      at += length;
      if (key >>> 3 === field) return value.length === length ? value : undefined;
    } else return undefined;
  }
  return undefined;
}
