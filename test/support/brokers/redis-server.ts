/** Redis, of the package `redis-server` of Debian. */
import { freePort } from '../ports.ts'
import { BrokerProcess } from './broker-process.ts'

/** Starts Redis. It keeps its data over a restart, and over a kill up to the last write. */
export async function startRedisServer(): Promise<BrokerProcess> {
  const port = await freePort()
  return BrokerProcess.start({
    program: 'redis-server',
    port,
    args: (folder) => [
      ...['--port', String(port), '--bind', '127.0.0.1', '--dir', folder],
      ...['--save', '', '--appendonly', 'yes', '--appendfsync', 'always'],
    ],
  })
}
