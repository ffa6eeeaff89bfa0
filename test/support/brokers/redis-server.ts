/** Redis, of the package `redis-server` of Debian. */
import { freePort } from '../ports.ts'
import { BrokerProcess } from './broker-process.ts'

const PERSISTENCE = {
  everything: ['--save', '', '--appendonly', 'yes', '--appendfsync', 'always'],
  most: ['--save', '', '--appendonly', 'yes', '--appendfsync', 'everysec'],
  snapshots: ['--save', '3600 1', '--appendonly', 'no'],
}

/**
 * Starts Redis. It keeps its data over a restart. Over a kill it keeps `everything` by default; with `most`, which is faster, it may lose
 * the last seconds, and with `snapshots` it keeps what it had at its last end.
 */
export async function startRedisServer(persistence: keyof typeof PERSISTENCE = 'everything'): Promise<BrokerProcess> {
  const port = await freePort()
  return BrokerProcess.start({
    program: 'redis-server',
    port,
    args: (folder) => [
      ...['--port', String(port), '--bind', '127.0.0.1', '--dir', folder],
      ...PERSISTENCE[persistence],
    ],
  })
}
