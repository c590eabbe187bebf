/** The attacker in the guest: a Python program that does the steps it is told and says what came. */
import { existsSync } from 'node:fs';
import type { ExecOptions } from '../../src/machine/machine.ts';
import type { Step } from './attack.ts';

export type Attacker = {
  attack(steps: readonly Step[]): Promise<Answer>;
  close(): Promise<void>;
};

export type Answer = {
  /** All that was read, of all connections, after TLS where there was one. */
  readonly bytes: Buffer;
  /** Names of system errors and reasons of TLS; `timeout` where nothing came. */
  readonly errors: readonly string[];
};

/** Arguments: the relay's port, the gateway's socket, seconds to wait for bytes. A line of JSON for each attack, and back. */
const PROGRAM = `
import base64, errno, json, os, select, socket, ssl, struct, sys, threading, time

port, path, patience = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
writing = threading.Lock()

class Attack:
    def __init__(self):
        self.answer, self.errors, self.connections = b'', [], []

    def open(self, family, place):
        connection = socket.socket(family)
        connection.settimeout(patience)
        connection.connect(place)
        self.connections.append(connection)

    def relay(self):
        self.open(socket.AF_INET, ('127.0.0.1', port))

    def gateway(self):
        self.open(socket.AF_UNIX, path)

    def send(self, data):
        self.connections[-1].sendall(base64.b64decode(data))

    def drip(self, data, pause):
        end = time.monotonic() + patience
        for byte in base64.b64decode(data):
            if time.monotonic() > end:
                raise socket.timeout()
            self.connections[-1].sendall(bytes([byte]))
            if select.select(self.connections[-1:], [], [], pause / 1000)[0]:
                return

    def crowd(self, count, data):
        for _ in range(count):
            self.relay()
            self.send(data)

    def read(self, done):
        start = len(self.answer)
        while not done(self.answer[start:]):
            chunk = self.connections[-1].recv(65536)
            if not chunk:
                return
            self.answer += chunk

    def head(self):
        self.read(lambda seen: b'\\r\\n\\r\\n' in seen)

    def until(self, data):
        wanted = base64.b64decode(data)
        self.read(lambda seen: wanted in seen)

    def end(self):
        self.read(lambda seen: False)

    def tls(self, name, protocols):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        if protocols:
            context.set_alpn_protocols(protocols)
        self.connections[-1] = context.wrap_socket(self.connections[-1], server_hostname=name)

    def python(self, source):
        exec(source, {**globals(), 'attack': self})

    def step(self, name, *arguments):
        try:
            getattr(self, name)(*arguments)
        except Exception as error:
            self.errors.append(name_of(error))

    def run(self, number, steps):
        for step in steps:
            self.step(*step)
        for connection in self.connections:
            connection.close()
        answer = base64.b64encode(self.answer).decode()
        line = json.dumps({'number': number, 'answer': answer, 'errors': self.errors})
        with writing:
            print(line, flush=True)

def name_of(error):
    if isinstance(error, socket.timeout):
        return 'timeout'
    if isinstance(error, ssl.SSLError):
        return str(error.reason)
    if isinstance(error, OSError) and error.errno in errno.errorcode:
        return errno.errorcode[error.errno]
    return repr(error)

print('ready', flush=True)
for line in sys.stdin:
    number, steps = json.loads(line)
    threading.Thread(target=Attack().run, args=(number, steps), daemon=True).start()
`;

/** Found by its path: the walls are tried with the relay's own program, the attacks with this. */
export const PYTHON = '/usr/bin/python3';

/** Why there is none outside of a bottle; empty: there is. */
export function whyNoAttacker(): string {
  return existsSync(PYTHON) ? '' : `needs ${PYTHON}: apt-get install python3`;
}

export type Exec = (
  argv: readonly string[],
  options: Pick<ExecOptions, 'stdin' | 'onStdout' | 'onStderr' | 'signal'>,
) => Promise<unknown>;

export type AttackerParts = {
  /** Runs the program. */
  readonly exec: Exec;
  /** Where its relay listens. */
  readonly port: number;
  /** The gateway's, as the program sees it. */
  readonly socket: string;
  /** How long it waits for bytes; default: longer than all bounds of the gateway. */
  readonly patience?: number;
};

export async function openAttacker(parts: AttackerParts): Promise<Attacker> {
  const { exec, port, socket, patience = 14 } = parts;
  const lines = makeQueue();
  const waiting = new Map<number, (answer: Answer) => void>();
  const ready = Promise.withResolvers<void>();
  const said: string[] = [];
  let rest = '';
  let count = 0;
  const hear = (line: string) => {
    if (line === 'ready') return ready.resolve();
    const { number, answer, errors } = JSON.parse(line);
    waiting.get(number)?.({ bytes: Buffer.from(answer, 'base64'), errors });
    waiting.delete(number);
  };
  const ended = exec([PYTHON, '-I', '-c', PROGRAM, String(port), socket, String(patience)], {
    stdin: lines.stream(),
    onStdout: (chunk) => {
      const parts = (rest + Buffer.from(chunk).toString()).split('\n');
      rest = parts.pop() ?? '';
      for (const part of parts) hear(part);
    },
    onStderr: (chunk) => void said.push(Buffer.from(chunk).toString()),
  });
  const early = ended.then(() => {
    throw new Error(`the attacker ended: ${said.join('')}`);
  });
  early.catch(() => {});
  await Promise.race([ready.promise, early]);
  return {
    attack(steps) {
      const number = count++;
      const answer = new Promise<Answer>((resolve) => waiting.set(number, resolve));
      lines.add(`${JSON.stringify([number, steps])}\n`);
      return Promise.race([answer, early]);
    },
    async close() {
      lines.end();
      await ended;
    },
  };
}

function makeQueue() {
  const waiting: Buffer[] = [];
  let wake = () => {};
  let over = false;
  return {
    add(line: string) {
      waiting.push(Buffer.from(line));
      wake();
    },
    end() {
      over = true;
      wake();
    },
    async *stream() {
      while (true) {
        for (let line = waiting.shift(); line !== undefined; line = waiting.shift()) yield line;
        if (over) return;
        await new Promise<void>((resolve) => {
          wake = resolve;
          if (waiting.length > 0 || over) resolve();
        });
      }
    },
  };
}
