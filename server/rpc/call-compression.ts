/** Compression of one call: which encodings the head negotiates, and the work within the memory of the process. */
import { Code, ConnectError } from '@connectrpc/connect'
import { BudgetedCompression } from '../../wire/compression/budgeted-compression.ts'
import type { Compression } from '../../wire/compression/compression.ts'
import type { CompressionOwner } from '../../wire/compression/compression-job.ts'
import { clipValue } from '../../wire/text/clip-text.ts'
import type { CallPlan } from './call-plan.ts'
import type { Exchange } from './exchange/exchange.ts'

/**
 * What a request is compressed with; null for identity.
 *
 * @param acceptHeader the header in which a refusal says what would have been right
 * @throws ConnectError UNIMPLEMENTED for an encoding that we do not have, with those that we have as metadata
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
 * What a client can inflate that lists encodings: the first of the best weighted that we have (RFC 9110 section 12.5.3); null
 * for identity.
 */
export function acceptedCompression(available: readonly Compression[], accepted: string): Compression | null {
  let best: Compression | null = null
  let bestWeight = 0
  for (const item of accepted.split(',')) {
    const [name = '', ...parameters] = item.split(';').map((part) => part.trim())
    const weight = weightOf(parameters)
    if (weight <= bestWeight) continue
    const found = available.find((compression) => compression.name === name)
    if (found === undefined && name !== 'identity') continue
    best = found ?? null
    bestWeight = weight
  }
  return best
}

function weightOf(parameters: readonly string[]): number {
  const weight = parameters.find((parameter) => /^q=/i.test(parameter))?.slice(2)
  if (weight === undefined) return 1
  return /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/.test(weight) ? Number(weight) : 0
}

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
