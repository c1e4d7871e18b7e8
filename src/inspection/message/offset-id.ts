/** The id that a broker gives a message: where it is stored (MessageDecoder.createMessageId, 4.5 to 5.5). */

export interface PlaceInLog {
  /** `host:port` of the broker. */
  readonly address: string;
  readonly offset: bigint;
}

/** Hexadecimal: four bytes of the address, four of the port, eight of the offset. Ids of clients may be as long. */
const OFFSET_ID = /^([0-9A-F]{8})([0-9A-F]{8})([0-9A-F]{16})$/i;

/** @returns undefined for what cannot be such an id */
export function placeInId(id: string): PlaceInLog | undefined {
  const [, address, port, offset] = OFFSET_ID.exec(id) ?? [];
  if (address === undefined) return undefined;
  const host = [...Buffer.from(address, 'hex')].join('.');
  return { address: `${host}:${Number.parseInt(port ?? '', 16)}`, offset: BigInt(`0x${offset}`) };
}
