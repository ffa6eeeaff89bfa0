/** JSON Web Tokens (RFC 7519) as credentials: `authorization: Bearer <token>`. */
import type { KeyObject } from 'node:crypto'
import { ConnectError, type HandlerContext } from '@connectrpc/connect'
import type { CryptoKey, JSONWebKeySet, JWTPayload, JWTVerifyGetKey, JWTVerifyOptions } from 'jose'
import type { Principal } from '../../../rpc/context-keys.ts'
import type { PreparedServer } from '../../../rpc/middleware.ts'
import { type AuthScheme, authorizationOf, InvalidCredentials } from '../auth-scheme.ts'
import { VerifiedCredentials } from '../verified-credentials.ts'
import { type JwtOptions, type ResolvedJwtOptions, readJwtOptions } from './jwt-options.ts'
import { readKeySet } from './read-key-set.ts'
import { RemoteKeys } from './remote-keys.ts'

type Jose = typeof import('jose')

/**
 * Accepts JSON Web Tokens that are signed with one of `algorithms`, not expired, and meant for this server. The principal has the name
 * in `sub`, the scopes in `scope` or `scp`, and all claims. Needs the package `jose`, which is loaded at start-up.
 *
 *     jwt({ algorithms: ['RS256'], jwksUri: 'https://id.example.com/keys', issuer: 'https://id.example.com', audience: 'shop' })
 *
 * Nothing in a token chooses what the server does: headers such as `jku` and `x5u` are ignored, and `kid` is only compared. Without any
 * key of `jwksUri` yet, calls are UNAVAILABLE.
 *
 * @throws RangeError that names every invalid option; at start-up, if `jose` is missing or the key fits none of the algorithms
 */
export function jwt(options: JwtOptions): AuthScheme {
  return new JwtScheme(readJwtOptions(options))
}

class JwtScheme implements AuthScheme {
  readonly name: string
  readonly challenge = 'Bearer'
  readonly description = { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } as const
  readonly #options: ResolvedJwtOptions
  readonly #verifyOptions: JWTVerifyOptions
  /** A verification takes several times as long as a small call. */
  readonly #verified = new VerifiedCredentials()
  /** The last that was read; undefined if keys cannot change. */
  #keySet: JSONWebKeySet | undefined
  #verify: (token: string) => Promise<JWTPayload> = () => Promise.reject(new Error('jwt: the server is not prepared'))

  constructor(options: ResolvedJwtOptions) {
    const { issuer, audience, algorithms, requiredClaims, clockToleranceMs } = options
    this.name = options.name
    this.#options = options
    this.#verifyOptions = {
      algorithms: [...algorithms],
      requiredClaims: [...requiredClaims],
      clockTolerance: clockToleranceMs / 1_000,
      ...(issuer && { issuer: [...issuer] }),
      ...(audience && { audience: [...audience] }),
    }
  }

  async prepare({ log }: PreparedServer): Promise<void> {
    const { issuer, audience, name } = this.#options
    if (issuer === undefined) log.warn({ scheme: name }, 'tokens of any issuer are accepted')
    if (audience === undefined) log.warn({ scheme: name }, 'tokens for any audience are accepted')
    this.#verify = await this.#createVerify(await loadJose(), log)
  }

  authenticate(context: HandlerContext): Principal | Promise<Principal> | null {
    const token = authorizationOf(context, 'bearer')
    if (token === null) return null
    if (token.length > this.#options.maxTokenBytes) throw new InvalidCredentials('too long')
    return this.#verified.get(token) ?? this.#identify(token)
  }

  async #identify(token: string): Promise<Principal> {
    const { nameClaim, tokenCacheMs, clockToleranceMs } = this.#options
    const keys = this.#keySet
    const claims = await this.#verify(token).catch(rejectToken)
    const name = claims[nameClaim]
    const principal = Object.freeze({
      name: typeof name === 'string' ? name : '',
      scheme: this.name,
      scopes: Object.freeze(scopesOf(claims)),
      claims: freeze(claims),
    })
    const { exp = Number.POSITIVE_INFINITY } = claims
    const leftMs = exp * 1_000 + clockToleranceMs - Date.now()
    if (keys === this.#keySet) this.#verified.add(token, principal, Math.min(tokenCacheMs, leftMs))
    return principal
  }

  async #createVerify(jose: Jose, log: PreparedServer['log']): Promise<(token: string) => Promise<JWTPayload>> {
    const { keys, algorithms } = this.#options
    if (keys.kind === 'fixed') {
      await assertKeyFits(jose, keys.key, algorithms)
      return async (token) => (await jose.jwtVerify(token, keys.key, this.#verifyOptions)).payload
    }
    const find =
      keys.kind === 'set'
        ? jose.createLocalJWKSet({ keys: [...keys.keys] })
        : await this.#readRemote(jose, keys.url, log)
    return (token) => this.#verifyByKeys(jose, token, find)
  }

  async #readRemote(jose: Jose, url: URL, log: PreparedServer['log']): Promise<JWTVerifyGetKey> {
    const { jwksCacheMs, jwksCooldownMs, jwksTimeoutMs, name } = this.#options
    const keys = new RemoteKeys({
      read: () => readKeySet(url, jwksTimeoutMs),
      select: (set) => {
        this.#verified.clear()
        this.#keySet = set
        return jose.createLocalJWKSet(set)
      },
      cacheMs: jwksCacheMs,
      cooldownMs: jwksCooldownMs,
      now: () => performance.now(),
      onFailure: (error) => log.warn({ err: error, scheme: name }, 'the keys of the token issuer cannot be read'),
    })
    await keys.start()
    return keys.find
  }

  /** A token without `kid` can fit several keys. */
  async #verifyByKeys(jose: Jose, token: string, find: JWTVerifyGetKey): Promise<JWTPayload> {
    try {
      return (await jose.jwtVerify(token, find, this.#verifyOptions)).payload
    } catch (error) {
      if (!(error instanceof jose.errors.JWKSMultipleMatchingKeys)) throw error
      return this.#verifyByEach(jose, token, error)
    }
  }

  async #verifyByEach(jose: Jose, token: string, keys: AsyncIterable<CryptoKey>): Promise<JWTPayload> {
    for await (const key of keys) {
      try {
        return (await jose.jwtVerify(token, key, this.#verifyOptions)).payload
      } catch (error) {
        if (!(error instanceof jose.errors.JWSSignatureVerificationFailed)) throw error
      }
    }
    throw new InvalidCredentials('signature')
  }
}

/**
 * Verifies a forged token by each algorithm: only a key that fits gets as far as its signature. Any other would make every token
 * malformed, which looks like the fault of the callers.
 *
 * @throws RangeError if the key fits none
 */
async function assertKeyFits(jose: Jose, key: KeyObject | Uint8Array, algorithms: readonly string[]): Promise<void> {
  for (const alg of algorithms) {
    const forged = `${Buffer.from(JSON.stringify({ alg })).toString('base64url')}.e30.AA`
    const fault = await jose.jwtVerify(forged, key).catch((error: unknown) => error)
    if (fault instanceof jose.errors.JWSSignatureVerificationFailed) return
  }
  throw new RangeError(`jwt: the key has another type, curve or size than ${algorithms.join(', ')} needs`)
}

const REASONS: Readonly<Record<string, string>> = {
  ERR_JWT_EXPIRED: 'expired',
  ERR_JOSE_ALG_NOT_ALLOWED: 'algorithm',
  ERR_JWS_SIGNATURE_VERIFICATION_FAILED: 'signature',
  ERR_JWKS_NO_MATCHING_KEY: 'unknown key',
}

/** Claims whose faults have words of their own. */
const CLAIM_REASONS: Readonly<Record<string, string>> = { nbf: 'not yet valid', aud: 'audience', iss: 'issuer' }

/** The errors of jose can carry claims, so only their codes go further. An error of a kind that is not known is no reason to pass. */
function rejectToken(error: unknown): never {
  if (error instanceof ConnectError || error instanceof InvalidCredentials) throw error
  const { code = '', claim = '' } = error as { readonly code?: string; readonly claim?: string }
  const claimReason =
    code === 'ERR_JWT_CLAIM_VALIDATION_FAILED' ? (CLAIM_REASONS[claim] ?? `claim ${claim}`) : undefined
  throw new InvalidCredentials(claimReason ?? REASONS[code] ?? 'malformed')
}

/** `scope` is a list in one string (RFC 8693, section 4.2); some issuers write `scp`, also as an array. */
function scopesOf({ scope, scp }: JWTPayload): string[] {
  const found = scope ?? scp
  if (typeof found === 'string') return found.split(' ').filter((each) => each !== '')
  return Array.isArray(found) ? found.filter((each) => typeof each === 'string') : []
}

/** Freezes a value with all its parts: calls with the same token share its claims, and none must change them for the others. */
function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) Object.values(value).forEach(freeze)
  return Object.freeze(value)
}

async function loadJose(): Promise<Jose> {
  try {
    return await import('jose')
  } catch (cause) {
    throw new Error('jwt needs the package jose: npm install jose', { cause })
  }
}
