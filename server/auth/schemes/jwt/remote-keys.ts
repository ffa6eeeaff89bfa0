/** The keys of an issuer, read from its JSON Web Key Set and kept. */
import { Code, ConnectError } from '@connectrpc/connect'
import type { JSONWebKeySet, JWTVerifyGetKey } from 'jose'

/** The time between two reads as long as there are no keys, which all calls need. */
const FIRST_RETRY_MS = 1_000

/** What the keys depend on. */
export interface RemoteKeysInit {
  /** Reads the key set of the issuer. */
  readonly read: () => Promise<JSONWebKeySet>
  /** jose's selection of a key by the header of a token. */
  readonly select: (set: JSONWebKeySet) => JWTVerifyGetKey
  /** How long keys are used before they are read again. */
  readonly cacheMs: number
  /** The time between two reads. */
  readonly cooldownMs: number
  /** Receives the error of a read that failed. */
  readonly onFailure: (error: unknown) => void
  /** In milliseconds, never going back. */
  readonly now: () => number
}

/**
 * Reads the set when it is first needed, when it is old, and when a token names a key that it lacks, which is how a rotation shows.
 * All calls share one read, and reads keep a distance, so that callers cannot make the server read again and again. When a read fails,
 * the known keys stay in use.
 */
export class RemoteKeys {
  readonly #init: RemoteKeysInit
  #select: JWTVerifyGetKey | null = null
  #readAtMs = Number.NEGATIVE_INFINITY
  #triedAtMs = Number.NEGATIVE_INFINITY
  #hasFailed = false
  #pending: Promise<void> | null = null

  constructor(init: RemoteKeysInit) {
    this.#init = init
  }

  /**
   * Returns the key for a token.
   *
   * @throws JOSEError if there is no key for it
   * @throws ConnectError UNAVAILABLE before the set could be read for the first time
   */
  readonly find: JWTVerifyGetKey = async (header, token) => {
    await this.#renew()
    try {
      return await this.#known(header, token)
    } catch (error) {
      if (!isNoMatch(error) || !this.#canRead()) throw error
    }
    await this.#read()
    return this.#known(header, token)
  }

  /** Reads the set for the first time. Never rejects. */
  start(): Promise<void> {
    return this.#read()
  }

  /** Waits for a read only if that is likely to succeed, or if there are no keys at all. */
  async #renew(): Promise<void> {
    const { now, cacheMs } = this.#init
    const isFresh = this.#select !== null && now() - this.#readAtMs < cacheMs
    if (isFresh || !this.#canRead()) return
    const reading = this.#read()
    if (this.#select === null || !this.#hasFailed) await reading
  }

  #known: JWTVerifyGetKey = (header, token) => {
    if (this.#select !== null) return this.#select(header, token)
    throw new ConnectError('the keys of the token issuer are not available', Code.Unavailable)
  }

  /** Whether a read is under way, or may begin. */
  #canRead(): boolean {
    const { now, cooldownMs } = this.#init
    const distanceMs = this.#select === null ? Math.min(cooldownMs, FIRST_RETRY_MS) : cooldownMs
    return this.#pending !== null || now() - this.#triedAtMs >= distanceMs
  }

  #read(): Promise<void> {
    this.#pending ??= this.#readOnce().finally(() => {
      this.#pending = null
    })
    return this.#pending
  }

  async #readOnce(): Promise<void> {
    const { read, select, now, onFailure } = this.#init
    this.#triedAtMs = now()
    try {
      this.#select = select(await read())
      this.#readAtMs = now()
      this.#hasFailed = false
    } catch (error) {
      this.#hasFailed = true
      onFailure(error)
    }
  }
}

function isNoMatch(error: unknown): boolean {
  return (error as { readonly code?: unknown }).code === 'ERR_JWKS_NO_MATCHING_KEY'
}
