/** Programs in other languages through the gateway, each with the variables that a guest has. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openScene, type Scene, WAYS } from './scene.ts';

const URL = 'https://api.example.test';

type Client = {
  readonly name: string;
  /** A command that succeeds where the client is, and how to get it. */
  readonly present: readonly [command: string, advice: string];
  readonly files?: Readonly<Record<string, string>>;
  /** Posts `hello` to /echo, then says what the answer says. */
  readonly argv: readonly string[];
};

const NODE_FETCH = `const post = { method: 'POST', body: 'hello', headers: { 'X-Own': 'own' } };
const answer = await fetch('${URL}/echo?a=b', post);
console.log(await answer.text());`;

const NODE_HTTPS = `import { request } from 'node:https';
const options = { method: 'POST', headers: { 'X-Own': 'own' } };
const asked = request('${URL}/echo?a=b', options, (answer) => answer.pipe(process.stdout));
asked.end('hello');`;

const REQUESTS = `import requests
answer = requests.post('${URL}/echo?a=b', data='hello', headers={'X-Own': 'own'})
print(answer.text)`;

const URLLIB = `from urllib.request import Request, urlopen
print(urlopen(Request('${URL}/echo?a=b', b'hello', {'X-Own': 'own'})).read().decode())`;

const GO = `package main
import ("io"; "net/http"; "os"; "strings")
func main() {
	request, _ := http.NewRequest("POST", "${URL}/echo?a=b", strings.NewReader("hello"))
	request.Header.Set("X-Own", "own")
	answer, err := http.DefaultClient.Do(request)
	if err != nil { panic(err) }
	io.Copy(os.Stdout, answer.Body)
}`;

const JAVA = `import java.net.URI;
import java.net.http.*;
public class Post {
  public static void main(String[] args) throws Exception {
    var request = HttpRequest.newBuilder(URI.create("${URL}/echo?a=b")).header("X-Own", "own")
      .POST(HttpRequest.BodyPublishers.ofString("hello")).build();
    var body = HttpResponse.BodyHandlers.ofString();
    System.out.println(HttpClient.newHttpClient().send(request, body).body());
  }
}`;

const JAVA_URL = `import java.net.*;
public class PostUrl {
  public static void main(String[] args) throws Exception {
    var connection = new URL("${URL}/echo?a=b").openConnection();
    connection.setDoOutput(true);
    connection.setRequestProperty("X-Own", "own");
    connection.getOutputStream().write("hello".getBytes());
    System.out.println(new String(connection.getInputStream().readAllBytes()));
  }
}`;

const CLIENTS: readonly Client[] = [
  {
    name: 'Node, fetch',
    present: ['node --version', 'node'],
    files: { 'fetch.mjs': NODE_FETCH },
    argv: ['node', 'fetch.mjs'],
  },
  {
    name: 'Node, https',
    present: ['node --version', 'node'],
    files: { 'https.mjs': NODE_HTTPS },
    argv: ['node', 'https.mjs'],
  },
  {
    name: 'wget',
    present: ['wget --version', 'apt-get install wget'],
    argv: ['wget', '-qO-', '--header=X-Own: own', '--post-data=hello', `${URL}/echo?a=b`],
  },
  {
    name: 'Python requests',
    present: ['python3 -c "import requests"', 'apt-get install python3-requests'],
    files: { 'requests_post.py': REQUESTS },
    argv: ['python3', 'requests_post.py'],
  },
  {
    name: 'Python urllib',
    present: ['python3 --version', 'apt-get install python3'],
    files: { 'urllib_post.py': URLLIB },
    argv: ['python3', 'urllib_post.py'],
  },
  {
    name: 'Go',
    present: ['go version', 'apt-get install golang'],
    files: { 'post.go': GO },
    argv: ['go', 'run', 'post.go'],
  },
  {
    name: 'Java HttpClient',
    present: ['javac -version', 'apt-get install default-jdk-headless'],
    files: { 'Post.java': JAVA },
    argv: ['java', 'Post.java'],
  },
  {
    name: 'Java URL',
    present: ['javac -version', 'apt-get install default-jdk-headless'],
    files: { 'PostUrl.java': JAVA_URL },
    argv: ['java', 'PostUrl.java'],
  },
];

describe.each(WAYS)('%s:', (way) => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await openScene(way);
  });
  afterAll(() => scene?.close());

  test.for(CLIENTS)('$name gets there and back', async (client, { skip }) => {
    const [present, advice] = client.present;
    skip(spawnSync('sh', ['-c', present]).status !== 0, `needs ${client.name}: ${advice}`);
    for (const [file, text] of Object.entries(client.files ?? {})) {
      writeFileSync(join(scene.directory, file), text);
    }
    const said = await scene.output(client.argv, goVariables());
    expect(JSON.parse(said)).toMatchObject({
      method: 'POST',
      target: '/echo?a=b',
      bytes: 5,
      headers: { 'x-own': 'own', host: 'api.example.test' },
    });
    expect(scene.upstream.requests.at(-1)?.serverName).toBe('api.example.test');
  });

  test('openssl s_client sees a chain that it can verify', async () => {
    const connect = ['-proxy', `127.0.0.1:${scene.port}`, '-connect', 'api.example.test:443'];
    const verify = ['-verify_return_error', '-verify_hostname', 'api.example.test'];
    const { stdout, stderr, exitCode } = await scene.run([
      'sh',
      '-c',
      'echo Q | exec openssl s_client "$@"',
      'openssl',
      ...connect,
      ...verify,
    ]);
    expect(exitCode, stderr).toBe(0);
    expect(stdout).toContain('Verify return code: 0 (ok)');
    const issuer = way === 'open' ? 'bottle run authority' : 'authority of the tests';
    expect(stdout).toMatch(new RegExp(`issuer=CN = ${issuer}`));
  });

  test('openssl that names no server, or another one, gets no TLS', async () => {
    const connect = ['-proxy', `127.0.0.1:${scene.port}`, '-connect', 'api.example.test:443'];
    for (const named of [['-noservername'], ['-servername', 'other.example.test']]) {
      const { exitCode, stdout } = await scene.run([
        'sh',
        '-c',
        'echo Q | exec openssl s_client "$@"',
        'openssl',
        ...connect,
        ...named,
      ]);
      expect(exitCode).not.toBe(0);
      expect(stdout).toContain('no peer certificate available');
    }
    await scene.gateway.waitFor((message) => 'rule' in message && message.rule === 'no-sni');
    await scene.gateway.waitFor((message) => 'rule' in message && message.rule === 'name-mismatch');
  });
});

/** A home of its own would have it compile its library again. */
function goVariables(): Record<string, string> {
  const home = spawnSync('go', ['env', 'GOCACHE'], { encoding: 'utf8' }).stdout?.trim();
  return home ? { GOCACHE: home } : {};
}
