/**
 * For `node --import`: a resolver and a network of the tests' own, under the gateway as it is. Names
 * below `resolved.test` have the addresses that a hostile name server would give them.
 */
import { promises as dns } from 'node:dns';
import { syncBuiltinESMExports } from 'node:module';
import net, { type NetConnectOpts } from 'node:net';

/** Public; but here it leads to this machine, as behind a router that lies. */
const HIJACKED = '93.184.215.14';
/** Public; nobody is there. */
const SILENT = '93.184.215.15';

const ADDRESSES: Readonly<Record<string, readonly string[]>> = {
  private: ['10.0.0.1'],
  metadata: ['169.254.169.254'],
  mapped: ['::ffff:127.0.0.1'],
  loopback: ['127.0.0.1'],
  rebinding: [SILENT, '127.0.0.1'],
  hijacked: [HIJACKED],
};

const { lookup } = dns;
const { connect } = net;

async function lookupHere(host: string, options: object): Promise<unknown> {
  const [label = '', ...rest] = host.split('.');
  if (rest.join('.') !== 'resolved.test') return lookup(host, options);
  return (ADDRESSES[label] ?? []).map((address) => ({ address, family: net.isIP(address) }));
}

function connectHere(options: NetConnectOpts): net.Socket {
  const host = 'host' in options ? options.host : undefined;
  if (host !== HIJACKED && host !== SILENT) return connect(options);
  // Nobody listens at port 1 of this machine.
  const port = 'port' in options && host === HIJACKED ? options.port : 1;
  return connect({ ...options, host: '127.0.0.1', port });
}

Object.assign(dns, { lookup: lookupHere });
Object.assign(net, { connect: connectHere });
syncBuiltinESMExports();
