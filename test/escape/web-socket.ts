/** The frames of a WebSocket client, also those that no client would send. RFC 6455, 5.2. */

export const OPCODE = { continuation: 0, text: 1, binary: 2, ping: 9 };

export type FrameParts = {
  readonly opcode?: number;
  readonly final?: boolean;
  readonly mask?: readonly number[];
  /** Three bits for extensions. */
  readonly reserved?: number;
};

export function clientFrame(data: string | Uint8Array, parts: FrameParts = {}): Buffer {
  const { opcode = OPCODE.text, final = true, mask = [1, 2, 3, 4], reserved = 0 } = parts;
  const payload = Buffer.from(data);
  const masked = payload.map((byte, at) => byte ^ (mask[at % 4] ?? 0));
  const length =
    payload.length < 126 ? [payload.length] : [126, payload.length >> 8, payload.length & 0xff];
  const [first = 0, ...rest] = length;
  return Buffer.from([
    ...[(final ? 0x80 : 0) | (reserved << 4) | opcode, 0x80 | first],
    ...[...rest, ...mask, ...masked],
  ]);
}

/** The head of the request that asks for it. */
export const UPGRADE = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
];
