/** Servers that share a broker, each by a way of its own that can be cut, and the clients that publish and read there. */
import { setTimeout as sleep } from 'node:timers/promises'
import { type Client, type Code, ConnectError, createClient } from '@connectrpc/connect'
import { createGrpcTransport, Http2SessionManager } from '@connectrpc/connect-node'
import { onTestFinished } from 'vitest'
import { GreeterService } from '../../../gen/greeter/v1/greeter_pb.js'
import { type CuttableProxy, startCuttableProxy } from '../cuttable-proxy.ts'
import { ServerProcess } from '../server-process.ts'

const PAUSE_MS = 20

/** One place of a fleet: a server, and the one that takes its place after a kill. */
export class FleetServer {
  readonly proxy: CuttableProxy
  readonly #hubUrl: string
  #process: ServerProcess | undefined
  #origin = ''
  #client: Client<typeof GreeterService> | undefined
  #sessions: Http2SessionManager | undefined

  private constructor(proxy: CuttableProxy, scheme: string) {
    this.proxy = proxy
    this.#hubUrl = proxy.origin.replace('http', scheme)
  }

  /** @param scheme that of the URL of the broker: `redis` */
  static async start(scheme: string, brokerPort: number): Promise<FleetServer> {
    const server = new FleetServer(await startCuttableProxy(brokerPort), scheme)
    await server.start()
    onTestFinished(() => server.#sessions?.abort())
    return server
  }

  async start(): Promise<void> {
    const { server, origin } = await ServerProcess.listen(['--hub', this.#hubUrl])
    this.#process = server
    this.#origin = origin
    this.#sessions?.abort()
    this.#sessions = new Http2SessionManager(origin)
    this.#client = createClient(
      GreeterService,
      createGrpcTransport({ baseUrl: origin, sessionManager: this.#sessions }),
    )
  }

  /** Whether a load balancer should send traffic there. */
  async isReady(): Promise<boolean> {
    const { status } = await fetch(`${this.#origin}/readyz`)
    return status === 200
  }

  get client(): Client<typeof GreeterService> {
    if (this.#client === undefined) throw new Error('the server has not started')
    return this.#client
  }

  async kill(): Promise<void> {
    this.#process?.kill('SIGKILL')
    await this.#process?.exited
  }
}

/** Publishes until the server accepts it. Returns the codes of the failures before. */
export async function publishPersistently(servers: () => FleetServer, topic: string, data: string) {
  const failures: Code[] = []
  for (;;) {
    try {
      const { epoch, sequence } = await servers().client.publish({ topic, data }, { timeoutMs: 5_000 })
      return { epoch, sequence, failures }
    } catch (error) {
      failures.push(ConnectError.from(error).code)
      await sleep(PAUSE_MS)
    }
  }
}

/** What one reader got. */
export interface ReadMessage {
  readonly epoch: string
  readonly sequence: bigint
  readonly missed: bigint
  readonly reset: boolean
  readonly data: string
}

/** Reads a topic up to a text, and goes on from its position when the stream fails. */
export async function readPersistently(server: FleetServer, topic: string, last: string): Promise<ReadMessage[]> {
  const read: ReadMessage[] = []
  for (;;) {
    try {
      const { epoch, sequence: afterSequence } = read.at(-1) ?? { epoch: '', sequence: 0n }
      for await (const message of server.client.getStream({ topic, epoch, afterSequence })) {
        read.push(message)
        if (message.data === last) return read
      }
    } catch {
      await sleep(PAUSE_MS)
    }
  }
}

/** Says where messages of a reader are repeated, or missing without a word; empty if nowhere. */
export function faultsIn(read: readonly ReadMessage[]): string[] {
  const faults: string[] = []
  let [next, epoch] = [1n, read[0]?.epoch]
  for (const [index, message] of read.entries()) {
    const isOther = message.epoch !== epoch || index === 0
    if (message.reset && isOther) [next, epoch] = [message.sequence, message.epoch]
    else if (message.reset) faults.push(`${message.epoch} ${message.sequence} is a reset of the same epoch`)
    if (message.epoch !== epoch || message.sequence !== next + message.missed) {
      faults.push(`${message.epoch} ${message.sequence} (missed ${message.missed}) in place of ${epoch} ${next}`)
    }
    next = message.sequence + 1n
  }
  return faults
}
