/** The first bytes of a TLS client are read one way, or are no TLS. */
import { once } from 'node:events';
import { Duplex } from 'node:stream';
import { type ConnectionOptions, connect } from 'node:tls';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readClientHello } from '../../src/gateway/client-hello.ts';

const number = (size: number, value: number) => {
  const bytes = Buffer.alloc(size);
  bytes.writeUIntBE(value, 0, size);
  return bytes;
};
const vector = (size: number, ...parts: Uint8Array[]) => {
  const content = Buffer.concat(parts);
  return Buffer.concat([number(size, content.length), content]);
};
const extension = (type: number, ...parts: Uint8Array[]) =>
  Buffer.concat([number(2, type), vector(2, ...parts)]);
const named = (name: string, type = 0) =>
  Buffer.concat([number(1, type), vector(2, Buffer.from(name, 'latin1'))]);
const serverName = (...names: Uint8Array[]) => extension(0, vector(2, ...names));

type Parts = {
  version?: number;
  session?: Uint8Array;
  ciphers?: Uint8Array;
  compressions?: Uint8Array;
  extensions?: Uint8Array[] | undefined;
  behind?: Uint8Array;
};

function makeMessage(parts: Parts = {}, type = 1): Buffer {
  const extensions = 'extensions' in parts ? parts.extensions : [serverName(named('a.example'))];
  const body = Buffer.concat([
    number(2, parts.version ?? 0x0303),
    Buffer.alloc(32, 7),
    vector(1, parts.session ?? Buffer.alloc(32)),
    vector(2, parts.ciphers ?? Buffer.from([0x13, 0x01])),
    vector(1, parts.compressions ?? Buffer.from([0])),
    ...(extensions ? [vector(2, ...extensions)] : []),
    parts.behind ?? Buffer.alloc(0),
  ]);
  return Buffer.concat([number(1, type), vector(3, body)]);
}

const record = (content: Uint8Array, type = 22) =>
  Buffer.concat([Buffer.from([type, 3, 1]), vector(2, content)]);
/** As many bytes a record. */
const inRecords = (message: Buffer, size: number) =>
  Buffer.concat(
    Array.from({ length: Math.ceil(message.length / size) }, (_, at) =>
      record(message.subarray(at * size, (at + 1) * size)),
    ),
  );
const makeHello = (parts?: Parts) => record(makeMessage(parts));
const hello = (serverName: string | undefined, alpn: string[] = [], encryptedHello = false) => ({
  kind: 'hello',
  serverName,
  encryptedHello,
  alpn,
});

/** What Node's own client says first. */
async function nodeHello(options: ConnectionOptions): Promise<Buffer> {
  const wire = new Duplex({ read() {}, write() {} });
  const said = new Promise<Buffer>((resolve) => {
    wire._write = (chunk: Buffer) => resolve(chunk);
  });
  const client = connect({ socket: wire, ...options });
  client.on('error', () => {});
  const bytes = await said;
  client.destroy();
  await once(client, 'close');
  return bytes;
}

describe('hellos', () => {
  test.each([
    [{ servername: 'a.example' }, hello('a.example')],
    [
      { servername: 'a.example', ALPNProtocols: ['h2', 'http/1.1'] },
      hello('a.example', ['h2', 'http/1.1']),
    ],
    [{ host: '127.0.0.1' }, hello(undefined)],
    [{ servername: 'b.example', maxVersion: 'TLSv1.2' as const }, hello('b.example')],
  ])('of Node’s own client: %j', async (options, expected) => {
    expect(readClientHello(await nodeHello(options))).toEqual(expected);
  });

  test.each([
    ['without extensions', { extensions: undefined }, hello(undefined)],
    ['with none', { extensions: [] }, hello(undefined)],
    [
      'in the letters it was sent in',
      { extensions: [serverName(named('A.Example.'))] },
      hello('A.Example.'),
    ],
    ['that encrypts another', { extensions: [extension(0xfe0d)] }, hello(undefined, [], true)],
    ['that encrypts its name', { extensions: [extension(0xffce)] }, hello(undefined, [], true)],
  ])('%s', (_, parts, expected) => {
    expect(readClientHello(makeHello(parts))).toEqual(expected);
  });

  test('what comes behind is not looked at', () => {
    const early = Buffer.concat([
      makeHello(),
      record(Buffer.from('early'), 23),
      Buffer.alloc(99_999),
    ]);
    expect(readClientHello(early)).toEqual(hello('a.example'));
  });

  test('in any number of records, in any chunks', () => {
    const message = makeMessage({
      extensions: [serverName(named('a.example')), extension(21, Buffer.alloc(300))],
    });
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 200 }), { maxLength: 40 }),
        fc.nat(2000),
        (sizes, cut) => {
          const records: Buffer[] = [];
          let rest = message;
          for (const size of [...sizes, message.length]) {
            if (rest.length > 0) records.push(record(rest.subarray(0, size)));
            rest = rest.subarray(size);
          }
          const bytes = Buffer.concat(records);
          expect(readClientHello(bytes)).toEqual(hello('a.example'));
          if (cut < bytes.length)
            expect(readClientHello(bytes.subarray(0, cut))).toEqual({ kind: 'more' });
        },
      ),
    );
  });
});

describe('no TLS, or TLS that two could read in two ways', () => {
  const lies = (at: number, value: number) => {
    const bytes = makeHello();
    bytes[at] = value;
    return bytes;
  };
  const withExtensions = (...extensions: Uint8Array[]) => makeHello({ extensions });
  test.each([
    ['HTTP', Buffer.from('GET / HTTP/1.1\r\n')],
    ['SSH', Buffer.from('SSH-2.0-OpenSSH\r\n')],
    ['SSL 2', Buffer.from([0x80, 0x2e, 1, 3, 1])],
    ['one wrong byte', Buffer.from([23])],
    ['a wrong version', Buffer.from([22, 2])],
    ['an alert', record(Buffer.from([1, 0]), 21)],
    ['an empty record', record(Buffer.alloc(0))],
    [
      'an empty record in between',
      Buffer.concat([record(makeMessage().subarray(0, 9)), record(Buffer.alloc(0))]),
    ],
    ['a record over 16 KiB', Buffer.from([22, 3, 1, 0x40, 0x01])],
    [
      'an alert in between',
      Buffer.concat([record(makeMessage().subarray(0, 9)), record(makeMessage().subarray(9), 21)]),
    ],
    ['another message', record(makeMessage({}, 2))],
    ['another message, not complete', record(Buffer.from([2]))],
    ['a message behind', record(Buffer.concat([makeMessage(), makeMessage()]))],
    ['a byte behind', record(Buffer.concat([makeMessage(), Buffer.from([0])]))],
    ['a message over 16 KiB', record(Buffer.from([1, 0, 0x40, 1]))],
    [
      'a hello over 16 KiB',
      Buffer.concat([
        record(
          makeMessage({ extensions: [extension(21, Buffer.alloc(16_000))] }).subarray(0, 8000),
        ),
        record(Buffer.alloc(8300)),
      ]),
    ],
    [
      'records without end',
      Buffer.concat(
        Array.from({ length: 3000 }, (_, at) => record(Buffer.from([at === 0 ? 1 : 0]))),
      ),
    ],
    [
      'a hello whose records take over 16 KiB',
      inRecords(makeMessage({ extensions: [extension(21, Buffer.alloc(10_000))] }), 5),
    ],
    [
      'bytes behind that look like its extensions',
      record(Buffer.concat([makeMessage({ extensions: undefined }), Buffer.from([0, 0])])),
    ],
    ['SSL 2 inside', makeHello({ version: 0x0200 })],
    ['a session of 33 bytes', makeHello({ session: Buffer.alloc(33) })],
    ['no ciphers', makeHello({ ciphers: Buffer.alloc(0) })],
    ['half a cipher', makeHello({ ciphers: Buffer.alloc(3) })],
    ['no compression', makeHello({ compressions: Buffer.alloc(0) })],
    ['bytes behind the extensions', makeHello({ behind: Buffer.from([0]) })],
    ['half a length of extensions', makeHello({ extensions: undefined, behind: Buffer.from([0]) })],
    [
      'a length beyond the hello',
      makeHello({ extensions: undefined, behind: Buffer.from([0, 9, 1]) }),
    ],
    ['a session beyond the hello', lies(43, 255)],
    ['half an extension', withExtensions(Buffer.from([0, 0, 0]))],
    ['an extension that is too short', withExtensions(Buffer.from([0, 21, 0, 9, 1]))],
    [
      'the name twice',
      withExtensions(serverName(named('a.example')), serverName(named('b.example'))),
    ],
    ['any extension twice', withExtensions(extension(77), extension(77))],
    ['two names', withExtensions(serverName(named('a.example'), named('b.example')))],
    [
      'two names of two types',
      withExtensions(serverName(named('a.example'), named('b.example', 1))),
    ],
    ['a name of another type', withExtensions(serverName(named('a.example', 1)))],
    ['no name', withExtensions(serverName())],
    ['an empty extension', withExtensions(extension(0))],
    ['an empty name', withExtensions(serverName(named('')))],
    [
      'bytes behind the names',
      withExtensions(extension(0, vector(2, named('a.example')), Buffer.from([0]))),
    ],
    ['a name with its port', withExtensions(serverName(named('a.example:443')))],
    ['a name with NUL', withExtensions(serverName(named('a.example\0.b.example')))],
    ['a name with an address in IPv6', withExtensions(serverName(named('::1')))],
    ['a name outside ASCII', withExtensions(serverName(named('é.example')))],
    ['a name with a blank', withExtensions(serverName(named('a.example ')))],
    ['no protocols', withExtensions(extension(16, vector(2)))],
    ['an empty protocol', withExtensions(extension(16, vector(2, vector(1))))],
    [
      'bytes behind the protocols',
      withExtensions(extension(16, vector(2, vector(1, Buffer.from('h2'))), Buffer.from([0]))),
    ],
    ['a protocol beyond its list', withExtensions(extension(16, Buffer.from([0, 2, 9, 1])))],
  ])('%s', (_, bytes) => {
    expect(readClientHello(bytes)).toEqual({ kind: 'not-tls' });
  });
});

describe('whatever bytes come', () => {
  const kinds = ['more', 'hello', 'not-tls'];

  test('there is an answer', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        expect(kinds).toContain(readClientHello(bytes).kind);
        expect(kinds).toContain(readClientHello(record(bytes)).kind);
        expect(kinds).toContain(
          readClientHello(record(Buffer.concat([Buffer.from([1]), vector(3, bytes)]))).kind,
        );
      }),
      { numRuns: 1000 },
    );
  });

  test('a hello with some bytes changed names a host or none, never half of one', () => {
    const good = makeHello({
      extensions: [
        serverName(named('a.example')),
        extension(16, vector(2, vector(1, Buffer.from('h2')))),
      ],
    });
    const changes = fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { maxLength: 3 });
    fc.assert(
      fc.property(changes, (list) => {
        const bytes = Buffer.from(good);
        for (const [at, value] of list) bytes[at] = value;
        const reading = readClientHello(bytes);
        if (reading.kind === 'hello' && reading.serverName !== undefined) {
          expect(reading.serverName).toMatch(/^[\w.-]{9}$/);
        }
      }),
      { numRuns: 2000 },
    );
  });

  test('more bytes never change what was read', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 60 }),
        fc.uint8Array({ maxLength: 60 }),
        (start, more) => {
          const bytes = Buffer.concat([Buffer.from([22, 3, 1]), start]);
          const before = readClientHello(bytes);
          if (before.kind !== 'more') {
            expect(readClientHello(Buffer.concat([bytes, more]))).toEqual(before);
          }
        },
      ),
      { numRuns: 2000 },
    );
  });
});
