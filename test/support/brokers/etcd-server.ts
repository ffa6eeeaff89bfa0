/** etcd, of the package `etcd-server` of Debian. */
import { freePort } from '../ports.ts'
import { BrokerProcess } from './broker-process.ts'

/** Starts a cluster of one member. It keeps its data over restarts and kills. */
export async function startEtcdServer(): Promise<BrokerProcess> {
  const port = await freePort()
  const client = `http://127.0.0.1:${port}`
  const peer = `http://127.0.0.1:${await freePort()}`
  return BrokerProcess.start({
    program: 'etcd',
    port,
    args: (folder) => [
      ...['--data-dir', folder, '--log-level', 'error'],
      ...['--listen-client-urls', client, '--advertise-client-urls', client],
      ...['--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer, '--initial-cluster', `default=${peer}`],
    ],
  })
}
