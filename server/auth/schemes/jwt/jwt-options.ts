/** The options of `jwt`, checked once. */
import { createPublicKey, type KeyObject } from 'node:crypto'
import { checkOptions, type OptionKinds, type OptionShape } from '../../../../wire/options/check-options.ts'

/** An algorithm that signs tokens with a private key; the server has the public key. */
export type PublicKeyAlgorithm =
  | 'RS256'
  | 'RS384'
  | 'RS512'
  | 'PS256'
  | 'PS384'
  | 'PS512'
  | 'ES256'
  | 'ES384'
  | 'ES512'
  | 'EdDSA'

/** An algorithm that signs tokens with a secret that the server shares. */
export type SecretAlgorithm = 'HS256' | 'HS384' | 'HS512'

/** What `jwt` takes: exactly one of `jwksUri`, `keys`, `publicKey` and `secret`. */
export interface JwtOptions {
  /** The accepted algorithms. Those of a secret and those of public keys cannot be mixed. At least one. */
  readonly algorithms: readonly (PublicKeyAlgorithm | SecretAlgorithm)[]
  /** The address of the JSON Web Key Set of the issuer: https, or http on this host. No other address is ever read. */
  readonly jwksUri?: string
  /** JSON Web Keys, all public. */
  readonly keys?: readonly object[]
  /** A public key or certificate in PEM. */
  readonly publicKey?: string
  /** A secret of at least as many bytes as the hash of the algorithm has: 32 for HS256. Strings count as UTF-8. */
  readonly secret?: string | Uint8Array
  /** The accepted values of the claim `iss`. Default: any, which is logged at start-up. */
  readonly issuer?: string | readonly string[]
  /** The accepted values of the claim `aud`, of which a token must have one. Default: any, which is logged at start-up. */
  readonly audience?: string | readonly string[]
  /** Claims that a token must have. Default: `exp`, so that no token is valid forever. */
  readonly requiredClaims?: readonly string[]
  /** The claim with the name of the principal. Default: `sub`. */
  readonly nameClaim?: string
  /** How far the clocks of issuer and server may differ, in milliseconds. Default 5,000, range 0 to 600,000. */
  readonly clockToleranceMs?: number
  /** Longer tokens are refused unread, in bytes. Default 8,192, range 1 to 1,048,576. */
  readonly maxTokenBytes?: number
  /**
   * How long a verified token is remembered, in milliseconds, and never beyond its expiry or a change of the keys. 0 verifies tokens for
   * every call. Default 60,000, range 0 to 3,600,000.
   */
  readonly tokenCacheMs?: number
  /** How long keys of `jwksUri` are used before they are read again, in milliseconds. Default 600,000, range 1,000 to 86,400,000. */
  readonly jwksCacheMs?: number
  /** The time between two reads of `jwksUri`, whatever tokens ask for, in milliseconds. Default 30,000, range 100 to 3,600,000. */
  readonly jwksCooldownMs?: number
  /** The time for a read of `jwksUri`, in milliseconds. Default 5,000, range 100 to 60,000. */
  readonly jwksTimeoutMs?: number
  /** The name of the scheme, for servers with several of this kind. Default: `jwt`. */
  readonly name?: string
}

/** Where the keys come from. */
export type KeyChoice =
  | { readonly kind: 'remote'; readonly url: URL }
  | { readonly kind: 'set'; readonly keys: readonly object[] }
  | { readonly kind: 'fixed'; readonly key: KeyObject | Uint8Array }

/** All options, with their values. */
export interface ResolvedJwtOptions extends Required<Omit<JwtOptions, KeySourceName | 'issuer' | 'audience'>> {
  readonly keys: KeyChoice
  readonly issuer: readonly string[] | undefined
  readonly audience: readonly string[] | undefined
}

type KeySourceName = 'jwksUri' | 'keys' | 'publicKey' | 'secret'

const KEY_SOURCES: readonly KeySourceName[] = ['jwksUri', 'keys', 'publicKey', 'secret']

const DEFAULTS = {
  name: 'jwt',
  requiredClaims: ['exp'],
  nameClaim: 'sub',
  clockToleranceMs: 5_000,
  maxTokenBytes: 8_192,
  tokenCacheMs: 60_000,
  jwksCacheMs: 600_000,
  jwksCooldownMs: 30_000,
  jwksTimeoutMs: 5_000,
} as const

const SHAPE: OptionShape = {
  kinds: {
    algorithms: ['array'],
    jwksUri: ['string'],
    keys: ['array'],
    publicKey: ['string'],
    secret: ['string', 'object'],
    issuer: ['string', 'array'],
    audience: ['string', 'array'],
    requiredClaims: ['array'],
    nameClaim: ['string'],
    clockToleranceMs: ['number'],
    maxTokenBytes: ['number'],
    tokenCacheMs: ['number'],
    jwksCacheMs: ['number'],
    jwksCooldownMs: ['number'],
    jwksTimeoutMs: ['number'],
    name: ['string'],
  } satisfies OptionKinds<JwtOptions>,
  advice: {
    jwksUrl: 'use jwksUri',
    clockTolerance: 'use clockToleranceMs',
    publicKeyFile: 'read the file into publicKey',
  },
}

const RANGES = {
  clockToleranceMs: [0, 600_000],
  maxTokenBytes: [1, 1_048_576],
  tokenCacheMs: [0, 3_600_000],
  jwksCacheMs: [1_000, 86_400_000],
  jwksCooldownMs: [100, 3_600_000],
  jwksTimeoutMs: [100, 60_000],
} as const

/** The bytes that a secret needs (RFC 7518, section 3.2). */
const SECRET_BYTES: Readonly<Record<string, number>> = { HS256: 32, HS384: 48, HS512: 64 } satisfies Record<
  SecretAlgorithm,
  number
>

const PUBLIC_KEY_ALGORITHMS: readonly string[] = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
] satisfies PublicKeyAlgorithm[]

/**
 * Checks and completes the options. Errors show no key.
 *
 * @throws RangeError that names every fault
 */
export function readJwtOptions(options: JwtOptions): ResolvedJwtOptions {
  checkOptions('jwt', options, SHAPE)
  const { jwksUri: _uri, keys: _keys, publicKey: _key, secret: _secret, issuer, audience, ...rest } = options
  const complete = { ...DEFAULTS, ...definedOf(rest) } as Omit<ResolvedJwtOptions, 'keys' | 'issuer' | 'audience'>
  const faults = [...algorithmFaults(options), ...rangeFaults(complete)]
  const keys = readKeys(options, faults)
  if (keys === undefined || faults.length > 0) throw new RangeError(`jwt: ${faults.join('; ')}`)
  return Object.freeze({ ...complete, keys, issuer: listOf(issuer), audience: listOf(audience) })
}

function definedOf<T extends object>(options: T): Partial<T> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Partial<T>
}

function listOf(values: string | readonly string[] | undefined): readonly string[] | undefined {
  return typeof values === 'string' ? [values] : values
}

function rangeFaults(options: Readonly<Record<keyof typeof RANGES, number>>): string[] {
  return Object.entries(RANGES).flatMap(([name, [least, most]]) => {
    const value = options[name as keyof typeof RANGES]
    return value >= least && value <= most ? [] : [`${name} is ${value}: it must be from ${least} to ${most}`]
  })
}

/** A secret key must never be a public key that anyone has: the two families exclude each other. */
function algorithmFaults({ algorithms = [], secret }: Partial<JwtOptions>): string[] {
  if (algorithms.length === 0) return ['algorithms is missing: name those that the issuer uses, such as ["RS256"]']
  const suited = secret === undefined ? PUBLIC_KEY_ALGORITHMS : Object.keys(SECRET_BYTES)
  const use = secret === undefined ? 'public keys' : 'a secret'
  return algorithms
    .filter((algorithm) => !suited.includes(algorithm))
    .map((algorithm) => `algorithms has ${JSON.stringify(algorithm)}: with ${use} it can have ${suited.join(', ')}`)
}

function readKeys(options: JwtOptions, faults: string[]): KeyChoice | undefined {
  const given = KEY_SOURCES.filter((name) => options[name] !== undefined)
  if (given.length !== 1) {
    faults.push(
      `give exactly one of ${KEY_SOURCES.join(', ')}${given.length === 0 ? '' : `, not ${given.join(' and ')}`}`,
    )
    return undefined
  }
  const { jwksUri, keys, publicKey, secret, algorithms } = options
  if (jwksUri !== undefined) return readUri(jwksUri, faults)
  if (publicKey !== undefined) return readPublicKey(publicKey, faults)
  if (secret !== undefined) return readSecret(secret, algorithms, faults)
  if (!keys?.length) faults.push('keys is empty')
  if (keys?.some((key) => 'd' in key || 'k' in key)) faults.push('keys has a private or secret key: give public ones')
  return { kind: 'set', keys: keys ?? [] }
}

function readUri(jwksUri: string, faults: string[]): KeyChoice | undefined {
  const url = URL.parse(jwksUri)
  const isLocal = url?.protocol === 'http:' && ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname)
  if (url?.protocol === 'https:' || isLocal) return { kind: 'remote', url: url as URL }
  faults.push('jwksUri is not an https URL (http only on this host)')
  return undefined
}

function readPublicKey(publicKey: string, faults: string[]): KeyChoice | undefined {
  try {
    if (!publicKey.includes('PRIVATE KEY')) return { kind: 'fixed', key: createPublicKey(publicKey) }
    faults.push('publicKey is a private key: give the public one')
  } catch {
    faults.push('publicKey is not a public key or certificate in PEM')
  }
  return undefined
}

function readSecret(secret: string | Uint8Array, algorithms: readonly string[], faults: string[]): KeyChoice {
  const key = typeof secret === 'string' ? Buffer.from(secret) : Uint8Array.from(secret)
  const least = Math.max(0, ...(algorithms ?? []).map((algorithm) => SECRET_BYTES[algorithm] ?? 0))
  if (key.byteLength < least) faults.push(`secret has ${key.byteLength} bytes: it must have at least ${least}`)
  return { kind: 'fixed', key }
}
