/** Caches the JWT of a file, and reads the file again when it is time (gRFC A97). */
import { Code, ConnectError } from '@connectrpc/connect'
import { backoffDelayMs } from '../../core/backoff.ts'
import { CONNECTION_BACKOFF } from '../contracts/connection-backoff.ts'

/** What a source depends on. */
export interface JwtSourceParts {
  /** Returns the content of the file. */
  readonly read: () => Promise<string>
  /** Returns the time in milliseconds since 1970. */
  readonly now: () => number
  /** Returns a number from 0 to below 1. */
  readonly random: () => number
}

interface Token {
  readonly text: string
  /** When it is last sent, in milliseconds since 1970. */
  readonly usableUntilMs: number
}

/** A failed attempt to read the file. */
interface Failure {
  readonly error: ConnectError
  readonly retryAtMs: number
}

/** Minimum remaining lifetime of a token that is sent, so that it is valid on arrival. */
const MARGIN_MS = 30_000

/** Using a token within this time before it becomes unusable triggers a refresh. */
const REFRESH_BEFORE_MS = 60_000

/** Maximum length of a token, and so of the part of the file that is read. */
export const MAX_CHARACTERS = 1_048_576

/** The token of one file. Reads the file only on request. */
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
   * Returns the token. Calls during a read share its result.
   *
   * @throws ConnectError UNAVAILABLE if the file cannot be read; UNAUTHENTICATED if it contains no valid token
   */
  async token(): Promise<string> {
    const token = this.#token
    const leftMs = token === null ? 0 : token.usableUntilMs - this.#parts.now()
    if (token === null || leftMs <= 0) return (await this.#refresh()).text
    // The current token is still valid. A failure shows when it no longer is.
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
      throw new ConnectError('the JWT file cannot be read', Code.Unavailable, undefined, undefined, cause)
    }
  }
}

/** Parses `exp` only. The rest concerns the issuer and the verifier. */
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
  return new ConnectError(`the JWT file ${what}`, Code.Unauthenticated)
}
