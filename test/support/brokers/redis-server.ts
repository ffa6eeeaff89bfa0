/** Redis, of the package `redis-server` of Debian. */
import { freePort } from '../ports.ts'
import { BrokerProcess } from './broker-process.ts'

const PERSISTENCE = {
  everything: ['--save', '', '--appendonly', 'yes', '--appendfsync', 'everysec'],
  snapshots: ['--save', '3600 1', '--appendonly', 'no'],
}

/**
 * Starts Redis. It keeps its data over a restart. Over a kill it keeps what it wrote, `everything` by default, or with `snapshots`
 * only what it had at its last end.
 */
export async function startRedisServer(persistence: 'everything' | 'snapshots' = 'everything'): Promise<BrokerProcess> {
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
