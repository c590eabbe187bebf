/** Tries to reach what a bottle must not reach, for guests that have Node: all at once. */

/** Arguments: transport, address, port and request of each probe. */
export const NODE_PROBES = `
const dgram = require('dgram');
const { writeSync } = require('fs');
const net = require('net');

function unescape(request) {
  const bytes = request.replace(/\\\\(\\d{3})/g, (_, octal) => String.fromCharCode(parseInt(octal, 8)));
  return Buffer.from(bytes, 'latin1');
}

function reachByDatagram(address, port, request, report) {
  const socket = dgram.createSocket('udp4');
  const end = (found) => {
    clearTimeout(timer);
    report(found);
    socket.close();
  };
  const timer = setTimeout(end, 1500, 'closed no answer');
  socket.once('message', (answer) => end('open ' + answer.subarray(0, 1024).toString('hex')));
  socket.send(unescape(request), port, address, (error) => {
    if (error) end('closed ' + error.code);
  });
}

function reachByStream(place, request, report) {
  let connected = false;
  let answer = Buffer.alloc(0);
  const socket = net.connect(place);
  const end = (reason) => {
    clearTimeout(timer);
    socket.destroy();
    report(connected ? 'open ' + answer.subarray(0, 1024).toString('hex') : 'closed ' + reason);
    report = () => {};
  };
  const timer = setTimeout(end, 1500, 'no answer');
  socket.once('connect', () => {
    connected = true;
    if (request === '') end();
    else socket.write(unescape(request));
  });
  socket.on('data', (chunk) => {
    answer = Buffer.concat([answer, chunk]);
    if (answer.length >= 1024) end();
  });
  socket.on('error', ({ code }) => end(code));
  socket.on('end', () => end());
}

const words = process.argv.slice(1);
for (let at = 0; at < words.length; at += 4) {
  const [transport, address, port, request] = words.slice(at, at + 4);
  const report = (found) => writeSync(1, at / 4 + ' ' + found + '\\n');
  const place = transport === 'unix' ? { path: address } : { host: address, port };
  if (transport === 'udp4') reachByDatagram(address, Number(port), request, report);
  else reachByStream(place, request, report);
}
`;
