/** The relay for guests that have Node: one process, whatever the number of connections. */

/** What a dead upstream can no longer take is read and dropped: the client gets to its answer. */
export const NODE_RELAY = `
const { closeSync, readFileSync, writeSync } = require('fs');
const net = require('net');
const [port, path] = process.argv.slice(1);
const greeting = 'BOTTLE/1 ' + readFileSync(0, 'latin1');

function say(text) {
  writeSync(3, text);
  closeSync(3);
}

function relay(client) {
  const upstream = net.connect({ path, allowHalfOpen: true });
  upstream.once('connect', () => {
    upstream.write(greeting);
    client.pipe(upstream);
    upstream.pipe(client);
  });
  upstream.once('error', ({ code, syscall }) => {
    // The gateway's queue of new connections is full for a moment.
    if (code === 'EAGAIN' && syscall === 'connect') return setTimeout(relay, 5, client);
    client.end();
    client.resume();
  });
  client.once('error', () => upstream.destroy());
  client.once('close', () => upstream.destroy());
}

const options = { allowHalfOpen: true, noDelay: true, pauseOnConnect: true };
const server = net.createServer(options, (client) => {
  client.on('error', () => {});
  relay(client);
});
server.once('error', ({ message }) => say(message));
server.listen({ host: '127.0.0.1', port, backlog: 4096 }, () => say('listening'));
`;
