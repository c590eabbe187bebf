/** What goes through the relay from inside the guest, as a Python program: it can half-close. */

/** The client must not be the relay's own program: it is found by its path. */
export const CLIENT = '/usr/bin/python3';

const PROLOGUE = `
import hashlib, os, socket, sys, threading
def connect():
    connection = socket.create_connection(('127.0.0.1', 7711))
    connection.settimeout(30)
    return connection
def read(connection):
    return b''.join(iter(lambda: connection.recv(65536), b''))
def half_close(connection):
    connection.shutdown(socket.SHUT_WR)
`;

const REFUSED = `
answers = 0
for _ in range(20):
    c = connect()
    try:
        c.sendall(b'REQUEST\\n' + b'x' * 300_000)
    except OSError:
        pass
    try:
        answers += read(c) == b'denied\\n'
    except OSError:
        pass
print(answers)
`;

export const SCENARIOS = {
  /** 10 MB of noise there and back, at the same time. */
  echo: `
c = connect()
noise = os.urandom(10_000_000)
def write():
    c.sendall(b'echo\\n' + noise)
    half_close(c)
threading.Thread(target=write).start()
back = read(c)
print(back == noise)
`,
  /** The answer comes after the client's end. */
  clientEndsFirst: `
c = connect()
c.sendall(b'count\\n' + b'x' * 100_000)
half_close(c)
print(read(c).decode().strip())
`,
  /** What the client sends after the gateway's end still arrives. */
  gatewayEndsFirst: `
c = connect()
c.sendall(b'first\\n')
said = read(c).decode().strip()
c.sendall(b'x' * 50_000)
half_close(c)
print(said)
`,
  parallel: `
connections = [connect() for _ in range(200)]
for number, c in enumerate(connections):
    c.sendall(b'echo\\n%d' % number)
    half_close(c)
print(sum(read(c) == b'%d' % number for number, c in enumerate(connections)))
`,
  /** The gateway refuses while the client is still sending, and reads on. */
  refused: REFUSED.replace('REQUEST', 'refuse'),
  /** The same, and the gateway is gone. */
  slammed: REFUSED.replace('REQUEST', 'slam'),
  abandoned: `
c = connect()
c.sendall(b'vanish\\n')
try:
    print(read(c))
except OSError:
    print(b'')
`,
  /** Goes away without reading what comes. */
  leaves: `
c = connect()
c.sendall(b'flood\\n')
c.recv(1)
c.close()
print('left')
`,
  /** Reads nothing until the parent says so. */
  slow: `
c = connect()
c.sendall(b'flood\\n')
c.recv(1)
print('waiting', flush=True)
sys.stdin.read()
`,
} as const;

export function clientArgv(scenario: keyof typeof SCENARIOS): string[] {
  return [CLIENT, '-c', PROLOGUE + SCENARIOS[scenario]];
}
