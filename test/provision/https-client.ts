/** Programs that read a page over TLS in a guest, each by the library that is its own. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Step, textFile } from '../../src/provision/step.ts';
import type { TarEntry } from '../../src/tar/write.ts';
import type { Pages } from './opened-host.ts';

export type Client = {
  readonly name: string;
  /** A shell command of the guest that succeeds where the client is. */
  readonly present: string;
  readonly script: string;
  readonly output: string;
};

const HELLO = 'https://opened.example/hello';
const COMMIT = '1234567890123456789012345678901234567890';

/** What `opened.example` has to say. */
export const PAGES: Pages = {
  '/hello': 'hello\n',
  '/repository/info/refs': `${COMMIT}\trefs/heads/main\n`,
  '/repository/HEAD': 'ref: refs/heads/main\n',
  '/npm/demo': JSON.stringify({
    name: 'demo',
    'dist-tags': { latest: '7.8.9' },
    versions: { '7.8.9': { name: 'demo', version: '7.8.9' } },
  }),
  '/simple/demo/': '<a href="demo-7.8.9-py3-none-any.whl">demo-7.8.9-py3-none-any.whl</a>',
};

/** Node's own fetch knows no proxy before Node 24. */
const NODE = `
const { request } = require('node:http');
const connect = request({ port: 7711, method: 'CONNECT', path: 'opened.example:443' }).end();
connect.on('connect', (_, socket) => {
  const options = { socket, servername: 'opened.example', agent: false };
  require('node:https').get('${HELLO}', options, (response) => response.pipe(process.stdout));
});
`;

const URLLIB = `
from urllib.request import urlopen
print(urlopen('${HELLO}').read().decode(), end='')
`;

/** Where requests is not installed, the copy that pip brings. */
const REQUESTS = `
try: import requests
except ImportError: from pip._vendor import requests
print(requests.get('${HELLO}').text, end='')
`;

const JAVA_URL = `
public class JavaUrl {
  public static void main(String[] args) throws Exception {
    System.out.print(new String(new java.net.URL("${HELLO}").openStream().readAllBytes()));
  }
}
`;

const JAVA_HTTP = `
import java.net.URI;
import java.net.http.*;
public class JavaHttp {
  public static void main(String[] args) throws Exception {
    var request = HttpRequest.newBuilder(URI.create("${HELLO}")).build();
    var body = HttpResponse.BodyHandlers.ofString();
    System.out.print(HttpClient.newHttpClient().send(request, body).body());
  }
}
`;

const GO = `package main
import ("io"; "net/http"; "os")
func main() {
	response, err := http.Get("${HELLO}")
	if err != nil { os.Stderr.WriteString(err.Error()); os.Exit(1) }
	io.Copy(os.Stdout, response.Body)
}
`;

const OPENSSL = [
  "printf 'GET /hello HTTP/1.0\\r\\n\\r\\n' | openssl s_client -quiet -ign_eof",
  '-verify_return_error -verify_hostname opened.example -servername opened.example',
  '-proxy 127.0.0.1:7711 -connect opened.example:443 | tail -n 1',
].join(' ');

const [NPM, PIP] = ['https://opened.example/npm/', 'https://opened.example/simple/'];
const DENO = `console.log((await (await fetch('${HELLO}')).text()).trim())`;

export const CLIENTS: readonly Client[] = [
  page('curl', 'command -v curl', `curl -fsS ${HELLO}`),
  page('wget', 'command -v wget', `wget -O - ${HELLO}`),
  page('openssl', 'command -v openssl', OPENSSL),
  page('Node', 'command -v node', 'node get.js'),
  page('Python urllib', 'command -v python3', 'python3 get-urllib.py'),
  page('Python requests', 'python3 -c "import pip._vendor.requests"', 'python3 get-requests.py'),
  page('Java URL', 'command -v javac', 'java JavaUrl.java'),
  page('Java HttpClient', 'command -v javac', 'java JavaHttp.java'),
  page('Go', 'test -x go-get', './go-get'),
  page('Deno', 'command -v deno', `deno eval "${DENO}"`),
  {
    name: 'git',
    present: 'command -v git',
    script: 'git ls-remote https://opened.example/repository main',
    output: `${COMMIT}\trefs/heads/main\n`,
  },
  {
    name: 'npm',
    present: 'command -v npm',
    script: `npm view demo version --registry=${NPM} --fetch-retries=0`,
    output: '7.8.9\n',
  },
  {
    name: 'pip',
    present: 'python3 -m pip --version',
    // Only the verbose output says why it could not be fetched.
    script: `python3 -m pip -v --retries 0 index versions demo --index-url ${PIP} |
      tee /dev/stderr | grep '^demo '`,
    output: 'demo (7.8.9)\n',
  },
];

function page(name: string, present: string, script: string): Client {
  return { name, present, script, output: 'hello\n' };
}

/** The programs' sources, in the guest's home. */
export function clientStep(home: string): Step {
  const sources = {
    'get.js': NODE,
    'get-urllib.py': URLLIB,
    'get-requests.py': REQUESTS,
    'JavaUrl.java': JAVA_URL,
    'JavaHttp.java': JAVA_HTTP,
  };
  const files = Object.entries(sources).map(([name, text]) =>
    textFile(`${home}/${name}`, text, 0o644),
  );
  return { entries: [...files, ...goProgram(home)] };
}

/** Made with Go on this computer; nothing without it. */
function goProgram(home: string): TarEntry[] {
  const cwd = mkdtempSync(join(tmpdir(), 'go-client-'));
  try {
    writeFileSync(join(cwd, 'main.go'), GO);
    const env = { ...process.env, CGO_ENABLED: '0' };
    execFileSync('go', ['build', '-o', 'go-get', 'main.go'], { cwd, env, stdio: 'ignore' });
    const data = readFileSync(join(cwd, 'go-get'));
    return [{ kind: 'file', path: `${home.slice(1)}/go-get`, mode: 0o755, data }];
  } catch {
    return [];
  } finally {
    rmSync(cwd, { recursive: true, force: true });
  }
}
