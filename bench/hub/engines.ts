/** The engines of the topic hub, each with its broker and the servers that share it. */
import { spawn } from 'node:child_process'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startNatsServer } from '../../test/support/brokers/nats-server.ts'
import { startRedisServer } from '../../test/support/brokers/redis-server.ts'
import { accepts, freePort } from '../../test/support/ports.ts'
import { endWithProcess } from '../../test/support/processes.ts'

/** An engine that is measured. */
export interface HubEngine {
  readonly title: string
  /** How many processes of the server share the topics. */
  readonly servers: number
  /** Starts the broker; returns its URL, for `--hub`. */
  start(cleanup: AsyncDisposableStack): Promise<string>
}

const MEMORY = 'memory'

/** In the order of the tables. */
export const HUB_ENGINES: readonly HubEngine[] = [
  { title: 'memory', servers: 1, start: async () => MEMORY },
  {
    title: 'Redis',
    servers: 2,
    start: async (cleanup) => `redis://127.0.0.1:${cleanup.use(await startRedisServer('most')).port}`,
  },
  {
    title: 'NATS JetStream',
    servers: 2,
    start: async (cleanup) => `nats://127.0.0.1:${cleanup.use(await startNatsServer()).port}`,
  },
]

const SERVER = path.resolve(import.meta.dirname, '../../server/index.js')

/** Starts the servers of an engine, which stop with `cleanup`. Returns their addresses, as `127.0.0.1:PORT`. */
export async function startHubServers(engine: HubEngine, cleanup: AsyncDisposableStack): Promise<readonly string[]> {
  const hub = await engine.start(cleanup)
  return Promise.all(Array.from({ length: engine.servers }, () => startHubServer(hub, cleanup)))
}

/** Without the lines of the access log, and so without the one that names its port. */
async function startHubServer(hub: string, cleanup: AsyncDisposableStack): Promise<string> {
  const port = await freePort()
  const args = [SERVER, ...(hub === MEMORY ? [] : ['--hub', hub]), '--port', String(port), '--log-level', 'warn']
  const child = endWithProcess(
    spawn(process.execPath, args, { stdio: 'inherit', env: { ...process.env, NODE_ENV: 'production' } }),
  )
  cleanup.defer(() => void child.kill('SIGKILL'))
  while (!(await accepts(port))) {
    if (child.exitCode !== null) throw new Error('the server has ended before it listened')
    await sleep(50)
  }
  return `127.0.0.1:${port}`
}
