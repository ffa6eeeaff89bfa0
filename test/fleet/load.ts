/** Calls of all four modes at a steady rate, whatever becomes of them. */
import { setTimeout as sleep } from 'node:timers/promises'
import { type Client, ConnectError } from '@connectrpc/connect'
import type { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import type { SeededRandom } from '../support/seeded-random.ts'

/** What a load works with. */
export interface LoadOptions {
  readonly client: Client<typeof GreeterService>
  readonly callsPerSecond: number
  readonly random: SeededRandom
  /** Whether bidirectional streams are called too, which HTTP/1.1 cannot carry. Default: true. */
  readonly hasBidi?: boolean
}

const TICK_MS = 10
/** No call may last this long, which is longer than the detection of a silent server takes. */
const TIMEOUT_MS = 30_000
/** Numbers 1 to 3 are the streams; all others are unary. */
const MODES = 20
const TOPICS = 10
const MESSAGES = 3
/** It is quoted once a second, so that these streams are open for one to two. */
const STOCK = 'ACME'
const QUOTES = 2

/** Begins at once. */
export class Load {
  /** Wrong responses, and errors other than those of calls. */
  readonly faults: string[] = []
  readonly #options: LoadOptions
  readonly #open = new Set<Promise<void>>()
  readonly #running: Promise<void>
  #isStopped = false

  constructor(options: LoadOptions) {
    this.#options = options
    this.#running = this.#run()
  }

  /** Calls that are not over. */
  get openCalls(): number {
    return this.#open.size
  }

  /** Starts no more calls, and settles when all have ended. */
  async stop(): Promise<void> {
    this.#isStopped = true
    await this.#running
    await Promise.all(this.#open)
  }

  async #run(): Promise<void> {
    const startedAtMs = performance.now()
    let started = 0
    while (!this.#isStopped) {
      const due = ((performance.now() - startedAtMs) * this.#options.callsPerSecond) / 1_000
      for (; started < due; started++) this.#start(started)
      await sleep(TICK_MS)
    }
  }

  #start(index: number): void {
    const call = this.#call(index).catch((error: unknown) => {
      if (!(error instanceof ConnectError)) this.faults.push(String(error))
    })
    this.#open.add(call)
    void call.then(() => this.#open.delete(call))
  }

  async #call(index: number): Promise<void> {
    const { client, random, hasBidi = true } = this.#options
    const options = { timeoutMs: TIMEOUT_MS }
    const topic = `fleet/${index % TOPICS}`
    const mode = random.below(MODES)
    if (mode === 1) {
      let received = 0
      for await (const _ of client.getStream({ topic: `stocks/${STOCK}`, limit: QUOTES }, options)) received++
      this.#expect(received, QUOTES)
    } else if (mode === 2) {
      const { accepted } = await client.putStream(messages(topic), options)
      this.#expect(Number(accepted), MESSAGES)
    } else if (mode === 3 && hasBidi) {
      let received = 0
      for await (const { data } of client.allStream(messages(`${topic}/${index}`), options)) {
        this.#expect(data, String(received++))
      }
      this.#expect(received, MESSAGES)
    } else {
      const { message } = await client.sayHello({ name: String(index) }, options)
      this.#expect(message, `Hello ${index}`)
    }
  }

  #expect(seen: unknown, expected: unknown): void {
    if (seen !== expected) this.faults.push(`received ${String(seen)} instead of ${String(expected)}`)
  }
}

async function* messages(topic: string) {
  for (let i = 0; i < MESSAGES; i++) yield { topic, data: String(i) }
}
