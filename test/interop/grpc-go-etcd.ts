/** grpc-go's own resolver and endpoints manager of etcd: its client finds our servers, and our client finds its servers. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { createClient } from '@connectrpc/connect'
import { createTransport } from '../../client/node/transport.ts'
import { Health } from '../../gen/health/v1/health_pb.js'
import { etcdResolver } from '../../registry/etcd/public.ts'
import type { BrokerProcess } from '../support/brokers/broker-process.ts'
import { startEtcdServer } from '../support/brokers/etcd-server.ts'
import { type RunningProgram, runCommand, startProgram } from '../support/command.ts'
import { untilAnswer } from '../support/expect-output.ts'
import { buildGoProgram } from '../support/go-tool.ts'
import { type OutputLines, outputLines } from '../support/output-lines.ts'
import { endWithProcess } from '../support/processes.ts'
import type { Check } from '../support/run-checks.ts'

const ROOT = path.resolve(import.meta.dirname, '../..')
const ADDRESS = /listening at https?:\/\/([^\s"]+)/

/** Builds the program of grpc-go; each check starts an etcd of its own. */
export async function grpcGoEtcdChecks(): Promise<readonly Check[]> {
  const program = await buildGoProgram(path.join(import.meta.dirname, 'grpc-go-etcd'))
  const check = (name: string, run: (ground: EtcdGround) => Promise<void>): Check => ({
    name: `etcd: ${name}`,
    async run() {
      await using etcd = await startEtcdServer()
      await using cleanup = new AsyncDisposableStack()
      await run(new EtcdGround(program, etcd, cleanup))
    },
  })
  return [
    check('grpc-go finds our servers by its own resolver, and follows those that join and leave', findsOurs),
    check(
      'our client finds servers of grpc-go with their metadata, and follows those that join and leave',
      findsTheirs,
    ),
  ]
}

async function findsOurs(ground: EtcdGround): Promise<void> {
  const [a, b, other] = [await ground.startOurs('svc'), await ground.startOurs('svc'), await ground.startOurs('svc2')]
  const ofSvc = ground.startTheirs('svc', ['client'])
  const ofSvc2 = ground.startTheirs('svc2', ['client'])
  await ofSvc.lines.until(serversOf(a, b))
  await ofSvc2.lines.until(serversOf(other))
  const c = await ground.startOurs('svc')
  await ofSvc.lines.until(serversOf(a, b, c))
  await a.end('SIGTERM')
  await ofSvc.lines.until(serversOf(b, c))
  await b.end('SIGKILL')
  await ofSvc.lines.until(serversOf(c))
  const failed = ofSvc.lines.lines.filter((line) => line.startsWith('failed'))
  // A call may have been under way on the server that was killed.
  if (failed.length > 1) throw new Error(`calls failed:\n${failed.join('\n')}`)
  expectEqual(ofSvc2.lines.lines, [serversOf(other)])
}

function serversOf(...servers: readonly RunningProgram[]): string {
  return `servers: ${servers
    .map(({ found }) => found)
    .sort()
    .join(' ')}`
}

async function findsTheirs(ground: EtcdGround): Promise<void> {
  const a = ground.startTheirs('svc', ['-metadata', '{"weight": 2, "zone": "west"}', 'server'])
  const b = ground.startTheirs('svc', ['server'])
  const other = ground.startTheirs('svc2', ['server'])
  const [addressA, addressB] = [await a.address(), await b.address()]
  await other.address()
  const target = ground.targetOf('svc')
  const listed = await runCommand(portico(['registry', 'list', target, '--json']))
  expectEqual(
    listed
      .trim()
      .split('\n')
      .map((line): unknown => JSON.parse(line))
      .sort((first) => (JSON.stringify(first).includes(addressA) ? -1 : 1)),
    [
      { addresses: [addressA], attributes: { weight: 2, zone: 'west' } },
      { addresses: [addressB], attributes: {} },
    ],
  )
  await runCommand(portico(['health', target, '--plaintext']))
  await using transport = createTransport({
    target,
    resolvers: [etcdResolver()],
    serviceConfig: { loadBalancingConfig: [{ round_robin: {} }] },
  })
  const health = createClient(Health, transport)
  const uses = (...addresses: readonly string[]) =>
    untilAnswer(
      async () => {
        await health.check({})
        const ready = transport.inspect().addresses.filter(({ state }) => state === 'READY')
        return `[${ready.map(({ address }) => address).sort()}]`
      },
      `[${[...addresses].sort()}]`,
    )
  await uses(addressA, addressB)
  await a.say('leave')
  await uses(addressB)
  await a.say('join')
  await uses(addressA, addressB)
}

function portico(args: readonly string[]) {
  return { program: process.execPath, args: [path.join(ROOT, 'client'), ...args] }
}

function expectEqual(seen: unknown, expected: unknown): void {
  if (isDeepStrictEqual(seen, expected)) return
  throw new Error(`expected ${JSON.stringify(expected)}, but saw ${JSON.stringify(seen)}`)
}

/** A server or a client of grpc-go. */
interface GoPeer {
  readonly lines: OutputLines
  /** The address of a server, once it is registered. */
  address(): Promise<string>
  /** Makes a server join or leave, and waits until etcd has it. */
  say(word: 'join' | 'leave'): Promise<void>
}

/** An etcd, and programs that use it until the check ends. */
class EtcdGround {
  readonly #program: string
  readonly #etcd: BrokerProcess
  readonly #cleanup: AsyncDisposableStack

  constructor(program: string, etcd: BrokerProcess, cleanup: AsyncDisposableStack) {
    this.#program = program
    this.#etcd = etcd
    this.#cleanup = cleanup
  }

  targetOf(service: string): string {
    return `etcd://127.0.0.1:${this.#etcd.port}/${service}`
  }

  async startOurs(service: string): Promise<RunningProgram> {
    const args = ['--port', '0', '--log-format', 'json', '--no-page', '--registry', this.targetOf(service)]
    const command = { program: process.execPath, args: [path.join(ROOT, 'server'), ...args] }
    return this.#cleanup.use(await startProgram(command, ADDRESS))
  }

  startTheirs(service: string, args: readonly string[]): GoPeer {
    const url = `http://127.0.0.1:${this.#etcd.port}`
    const child = endWithProcess(
      spawn(this.#program, ['-etcd', url, '-service', service, ...args], { stdio: ['pipe', 'pipe', 'inherit'] }),
    )
    this.#cleanup.defer(() => endOf(child))
    const lines = outputLines(child.stdout, (line) => line)
    return {
      lines,
      async address() {
        await untilAnswer(async () => lines.lines[0] ?? '', 'listening on ')
        return lines.lines[0]?.replace('listening on ', '') ?? ''
      },
      async say(word) {
        child.stdin.write(`${word}\n`)
        await lines.until(`done: ${word}`)
      },
    }
  }
}

async function endOf(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
}
