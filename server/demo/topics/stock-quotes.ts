/** The prices on `stocks/SYMBOL` topics: made up, but the same for the same seed. */
import { TopicError } from './topic-error.ts'
import type { TopicMessage } from './topic-hub.ts'

const PREFIX = 'stocks/'
const SYMBOL = /^[A-Za-z0-9._-]{1,16}$/

/** The largest step of a price, as a share of it: 0.5 %. */
const MAX_STEP = 0.005
const MIN_PRICE = 1
const MAX_PRICE = 100_000

/** Whether the server itself quotes on the topic, so that no one else may publish there. */
export function isQuoteTopic(topic: string): boolean {
  return topic.startsWith(PREFIX)
}

/**
 * The symbol that a quote topic is about: `ACME` of `stocks/ACME`.
 *
 * Throws a TopicError `invalid_topic` unless it has 1 to 16 characters of `A-Z a-z 0-9 . _ -`.
 */
export function symbolOf(topic: string): string {
  const symbol = topic.slice(PREFIX.length)
  if (SYMBOL.test(symbol)) return symbol
  throw new TopicError('invalid_topic', 'must have a symbol of 1 to 16 characters of A-Z a-z 0-9 . _ - after stocks/')
}

/** The endless prices of one stock. */
export class StockQuotes {
  readonly #symbol: string
  readonly #seed: number
  #random: number
  #cents: number

  /** `seed` is any number of 32 bits. Each symbol walks its own way under it. */
  constructor(symbol: string, seed: number) {
    this.#symbol = symbol
    this.#seed = seed
    this.#random = hash32(symbol, seed)
    this.#cents = Math.round((20 + 480 * this.#nextRandom()) * 100)
  }

  /** The next quote, as JSON: `{"symbol":"ACME","price":123.45,"change":-0.12}`; the change is since the last one. */
  next(): string {
    const step = 1 + (2 * this.#nextRandom() - 1) * MAX_STEP
    const before = this.#cents
    this.#cents = Math.round(Math.min(MAX_PRICE * 100, Math.max(MIN_PRICE * 100, before * step)))
    return JSON.stringify({ symbol: this.#symbol, price: this.#cents / 100, change: (this.#cents - before) / 100 })
  }

  /** Goes on from a quote that another server may have made. Its number keeps the walk from repeating its steps. */
  continueAfter({ data, sequence }: Pick<TopicMessage, 'data' | 'sequence'>): void {
    const price = priceOf(data)
    if (price === undefined) return
    this.#cents = Math.round(Math.min(MAX_PRICE, Math.max(MIN_PRICE, price)) * 100)
    this.#random = hash32(`${this.#symbol} ${sequence}`, this.#seed)
  }

  /** A number from 0 to below 1, by a 32-bit xorshift (Marsaglia, 2003). */
  #nextRandom(): number {
    let state = this.#random
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    this.#random = state >>> 0
    return this.#random / 2 ** 32
  }
}

/** Anyone with access to the broker can write to its topics, so a quote there may be anything. */
function priceOf(data: string): number | undefined {
  try {
    const price: unknown = JSON.parse(data)?.price
    return typeof price === 'number' && Number.isFinite(price) ? price : undefined
  } catch {
    return undefined
  }
}

/** FNV-1a over the text, begun with the seed. Never 0, which a xorshift could not leave. */
function hash32(text: string, seed: number): number {
  let hash = (0x811c9dc5 ^ seed) >>> 0
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193) >>> 0
  return hash === 0 ? 1 : hash
}
