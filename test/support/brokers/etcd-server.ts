/** etcd, of the package `etcd-server` of Debian. */
import { freePort } from '../ports.ts'
import { BrokerProcess } from './broker-process.ts'

/** The PEM files of a member. */
export interface EtcdTls {
  readonly certFile: string
  readonly keyFile: string
  /** Clients must have a certificate of this authority. */
  readonly clientCaFile: string
}

/**
 * Starts a cluster of one member. It keeps its data over restarts and kills.
 *
 * @param tls default: cleartext
 */
export async function startEtcdServer(tls?: EtcdTls): Promise<BrokerProcess> {
  return startMember('default', [['default', await peerUrl()]], tls)
}

/** Starts a cluster of two members, neither of which has a leader without the other. */
export async function startEtcdPair(): Promise<readonly [BrokerProcess, BrokerProcess]> {
  const peers: Peers = [
    ['a', await peerUrl()],
    ['b', await peerUrl()],
  ]
  return Promise.all([startMember('a', peers), startMember('b', peers)])
}

/** The names of the members of a cluster, and where they reach each other. */
type Peers = readonly (readonly [name: string, url: string])[]

async function peerUrl(): Promise<string> {
  return `http://127.0.0.1:${await freePort()}`
}

async function startMember(name: string, peers: Peers, tls?: EtcdTls): Promise<BrokerProcess> {
  const port = await freePort()
  const client = `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`
  const peer = new Map(peers).get(name) ?? ''
  return BrokerProcess.start({
    program: 'etcd',
    port,
    args: (folder) => [
      ...['--name', name, '--data-dir', folder, '--log-level', 'error'],
      ...['--listen-client-urls', client, '--advertise-client-urls', client],
      ...['--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer],
      ...['--initial-cluster', peers.map(([each, url]) => `${each}=${url}`).join()],
      ...(tls === undefined ? [] : ['--cert-file', tls.certFile, '--key-file', tls.keyFile]),
      ...(tls === undefined ? [] : ['--client-cert-auth', '--trusted-ca-file', tls.clientCaFile]),
    ],
  })
}
