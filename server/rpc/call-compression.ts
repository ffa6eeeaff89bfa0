/** Compression of one call: negotiates encodings, and does the work within the memory budget of the process. */
import { Code, ConnectError } from '@connectrpc/connect'
import { BudgetedCompression } from '../../wire/compression/budgeted-compression.ts'
import type { Compression } from '../../wire/compression/compression.ts'
import type { CompressionOwner } from '../../wire/compression/compression-job.ts'
import { clipValue } from '../../wire/text/clip-text.ts'
import type { CallPlan } from './call-plan.ts'
import { acceptedItems } from './exchange/accepted-items.ts'
import type { Exchange } from './exchange/exchange.ts'

/**
 * Returns the compression of a request's messages; null for identity.
 *
 * @param acceptHeader the response header that lists the supported encodings
 * @throws ConnectError UNIMPLEMENTED for an unsupported encoding, with the supported ones as metadata
 */
export function requestCompression(
  available: readonly Compression[],
  encoding: string,
  acceptHeader: string,
): Compression | null {
  if (encoding === '' || encoding === 'identity') return null
  for (const compression of available) if (compression.name === encoding) return compression
  const names = available.map(({ name }) => name).join(',')
  const message = `unknown compression "${clipValue(encoding)}": supported encodings are ${names}`
  throw new ConnectError(message, Code.Unimplemented, { [acceptHeader]: names })
}

/**
 * Returns the compression to use for a client that accepts a list of encodings: the first with the highest weight that
 * the server has (RFC 9110 section 12.5.3); null for identity.
 */
export function acceptedCompression(available: readonly Compression[], accepted: string): Compression | null {
  let best: Compression | null = null
  let bestWeight = 0
  for (const { value, weight } of acceptedItems(accepted)) {
    if (weight <= bestWeight) continue
    const found = available.find((compression) => compression.name === value)
    if (found === undefined && value !== 'identity') continue
    best = found ?? null
    bestWeight = weight
  }
  return best
}

/**
 * The compressors of one call, created only for calls that compress or inflate. The work of one connection runs in
 * order, so a connection cannot occupy all threads.
 */
export class CallCompressions {
  readonly #owner: CompressionOwner
  #requests: BudgetedCompression | null = null
  #answers: BudgetedCompression | null = null

  constructor({ budget, connection }: Exchange) {
    this.#owner = { side: 'server', budget, line: connection }
  }

  /** Returns a copy of the plan whose reader inflates within the budget of this call. */
  readingOf(plan: CallPlan, compression: Compression): CallPlan {
    this.#requests = new BudgetedCompression(compression, this.#owner)
    return { ...plan, reading: { ...plan.reading, compression: this.#requests } }
  }

  /**
   * Compresses a response message.
   *
   * @throws ConnectError RESOURCE_EXHAUSTED if memory is short; a promise may reject with it instead
   */
  compress(compression: Compression, data: Uint8Array): Uint8Array | Promise<Uint8Array> {
    this.#answers ??= new BudgetedCompression(compression, this.#owner)
    return this.#answers.compress(data)
  }

  /** Cancels pending work. Called when the call ends. */
  stop(): void {
    this.#requests?.stop()
    this.#answers?.stop()
  }

  /**
   * Returns the memory of inflated request messages. Called when the handler has returned, as it no longer uses them.
   */
  release(): void {
    this.#requests?.release()
  }
}
