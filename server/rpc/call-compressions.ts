/** What a call compresses and inflates, within the memory of its process. */
import { BudgetedCompression } from '../../wire/compression/budgeted-compression.ts'
import type { Compression } from '../../wire/compression/compression.ts'
import type { CompressionOwner } from '../../wire/compression/compression-job.ts'
import type { Exchange } from './exchange/exchange.ts'
import type { CallPlan } from './planner.ts'

/** Made for calls that compress or inflate. The calls of a connection wait behind each other. */
export class CallCompressions {
  readonly #owner: CompressionOwner
  #requests: BudgetedCompression | null = null
  #answers: BudgetedCompression | null = null

  constructor({ budget, connection }: Exchange) {
    this.#owner = { side: 'server', budget, line: connection }
  }

  /** The plan of a call whose messages are compressed, to read them by. */
  readingOf(plan: CallPlan, compression: Compression): CallPlan {
    this.#requests = new BudgetedCompression(compression, this.#owner)
    return { ...plan, reading: { ...plan.reading, compression: this.#requests } }
  }

  /** Compresses a message to the client. @throws ConnectError RESOURCE_EXHAUSTED for want of memory; or rejects so */
  compress(compression: Compression, data: Uint8Array): Uint8Array | Promise<Uint8Array> {
    this.#answers ??= new BudgetedCompression(compression, this.#owner)
    return this.#answers.compress(data)
  }

  /** The call is over: what waits is given up. */
  stop(): void {
    this.#requests?.stop()
    this.#answers?.stop()
  }

  /** The handler has come back: it holds no message any more. */
  release(): void {
    this.#requests?.release()
  }
}
