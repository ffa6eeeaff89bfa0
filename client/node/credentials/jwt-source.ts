/** Keeps the JWT that a file held last, and looks at the file again when it is time (gRFC A97). */
import { Code, ConnectError } from '@connectrpc/connect'
import { backoffDelayMs } from '../../core/backoff.ts'
import { CONNECTION_BACKOFF } from '../contracts/connection-backoff.ts'

/** What a source works with. */
export interface JwtSourceParts {
  /** Gives the content of the file. */
  readonly read: () => Promise<string>
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** A number from 0 to below 1. */
  readonly random: () => number
}

interface Token {
  readonly text: string
  /** Until then it is sent, in milliseconds since 1970. */
  readonly usableUntilMs: number
}

/** A failed look at the file. */
interface Failure {
  readonly error: ConnectError
  readonly retryAtMs: number
}

/** What a token may still have to live when it is sent last: it must be valid on arrival. */
const MARGIN_MS = 30_000

/** Whoever uses a token so shortly before it cannot be used any more has the next one fetched. */
const REFRESH_BEFORE_MS = 60_000

/** Longer is no token: more of a file need not be read than shows it. */
export const MAX_CHARACTERS = 1_048_576

/** The token of one file. Nothing happens unless somebody asks. */
export class JwtSource {
  readonly #parts: JwtSourceParts
  #token: Token | null = null
  #reading: Promise<Token> | null = null
  #failure: Failure | null = null
  #failures = 0

  constructor(parts: JwtSourceParts) {
    this.#parts = parts
  }

  /**
   * Who asks while the file is read shares what comes of it.
   *
   * @throws ConnectError UNAVAILABLE: it cannot be read; UNAUTHENTICATED: it holds no token that is valid
   */
  async token(): Promise<string> {
    const token = this.#token
    const leftMs = token === null ? 0 : token.usableUntilMs - this.#parts.now()
    if (token === null || leftMs <= 0) return (await this.#refresh()).text
    // The one that is there will do meanwhile; a failure shows when it does not any more.
    if (leftMs < REFRESH_BEFORE_MS) this.#refresh().catch(() => {})
    return token.text
  }

  #refresh(): Promise<Token> {
    if (this.#reading !== null) return this.#reading
    if (this.#failure !== null && this.#parts.now() < this.#failure.retryAtMs)
      return Promise.reject(this.#failure.error)
    this.#reading = this.#read().finally(() => {
      this.#reading = null
    })
    return this.#reading
  }

  async #read(): Promise<Token> {
    const beganAtMs = this.#parts.now()
    try {
      const token = parseToken(await this.#readText(), this.#parts.now())
      this.#token = token
      this.#failure = null
      this.#failures = 0
      return token
    } catch (thrown) {
      const error = ConnectError.from(thrown, Code.Unauthenticated)
      this.#failures += 1
      const delayMs = backoffDelayMs(CONNECTION_BACKOFF, this.#failures, this.#parts.random)
      this.#failure = { error, retryAtMs: beganAtMs + delayMs }
      throw error
    }
  }

  async #readText(): Promise<string> {
    try {
      return await this.#parts.read()
    } catch (cause) {
      throw new ConnectError('the file of the JWT cannot be read', Code.Unavailable, undefined, undefined, cause)
    }
  }
}

/** Only `exp` is looked at: the rest is between who signs it and who verifies it. */
function parseToken(content: string, nowMs: number): Token {
  const text = content.trim()
  const [, payload] = /^[\w-]+\.([\w-]+)\.[\w-]*$/.exec(text.length > MAX_CHARACTERS ? '' : text) ?? []
  if (payload === undefined) throw invalid('holds none')
  const expiresAtSeconds = readExpiry(payload)
  if (expiresAtSeconds === null) throw invalid('does not say when it expires')
  const usableUntilMs = expiresAtSeconds * 1_000 - MARGIN_MS
  if (usableUntilMs <= nowMs) throw invalid('holds one that has expired or is about to')
  return { text, usableUntilMs }
}

function readExpiry(payload: string): number | null {
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString())
    const expiry = typeof claims === 'object' && claims !== null && 'exp' in claims ? claims.exp : null
    return typeof expiry === 'number' && Number.isFinite(expiry) ? expiry : null
  } catch {
    return null
  }
}

function invalid(what: string): ConnectError {
  return new ConnectError(`the file of the JWT ${what}`, Code.Unauthenticated)
}
