/** User names and passwords as credentials (RFC 7617): `authorization: Basic <base64>`. */
import type { HandlerContext } from '@connectrpc/connect'
import { checkOptions, type OptionKinds, type OptionShape } from '../../../wire/options/check-options.ts'
import type { Principal } from '../../rpc/context-keys.ts'
import type { PreparedServer } from '../../rpc/middleware.ts'
import { type AuthScheme, authorizationOf, InvalidCredentials } from './auth-scheme.ts'
import { isPassword, type PasswordHash, parsePasswordHash } from './password-hash.ts'
import { loadCredentials, principalOf, type StoredCredential, tableKey } from './stored-credentials.ts'
import { Turns } from './turns.ts'
import { VerifiedCredentials } from './verified-credentials.ts'

/** What `basic` takes: `users` or `file`. */
export interface BasicOptions {
  /** The users, with hashes of `hashPassword`. */
  readonly users?: readonly StoredCredential[]
  /** The path of a JSON file with such a list. It is read at start-up and on SIGHUP. */
  readonly file?: string
  /** What callers are shown as the place that asks for a password. Default: `portico`. */
  readonly realm?: string
  /** How many passwords are verified at once, each of which takes a thread and 32 MiB. Default 2, range 1 to 64. */
  readonly maxConcurrent?: number
  /** How many passwords wait for that; a further call is RESOURCE_EXHAUSTED. Default 100, range 0 to 10,000. */
  readonly maxWaiting?: number
  /** How long a verified password is remembered, in milliseconds. Default 60,000, range 0 to 3,600,000. */
  readonly cacheMs?: number
  /** The name of the scheme. Default: `basic`. */
  readonly name?: string
}

const SHAPE: OptionShape = {
  kinds: {
    users: ['array'],
    file: ['string'],
    realm: ['string'],
    maxConcurrent: ['number'],
    maxWaiting: ['number'],
    cacheMs: ['number'],
    name: ['string'],
  } satisfies OptionKinds<BasicOptions>,
}

const RANGES = { maxConcurrent: [2, 1, 64], maxWaiting: [100, 0, 10_000], cacheMs: [60_000, 0, 3_600_000] } as const

/** Longer credentials are refused unread. */
const MAX_LENGTH = 1_024

/**
 * Accepts the passwords of users. They are verified outside the event loop, a few at a time, and remembered for a while, as a
 * verification takes about 0.2 s. The principal has the name and scopes of the user.
 *
 * @throws RangeError that names every invalid option; at start-up, for a file that is not valid
 */
export function basic(options: BasicOptions): AuthScheme {
  checkOptions('basic', options, SHAPE)
  const { users, file, realm = 'portico' } = options
  if ((users === undefined) === (file === undefined)) throw new RangeError('basic: give either users or file')
  if (!/^[\x20-\x21\x23-\x5b\x5d-\x7e]*$/.test(realm)) {
    throw new RangeError('basic: realm must be printable ASCII without quotes and backslashes')
  }
  for (const [name, [, least, most]] of Object.entries(RANGES)) {
    const value = options[name as keyof typeof RANGES]
    if (value === undefined || (Number.isInteger(value) && value >= least && value <= most)) continue
    throw new RangeError(`basic: ${name} is ${value}: it must be a whole number from ${least} to ${most}`)
  }
  return new BasicScheme(options)
}

interface User {
  readonly hash: PasswordHash
  readonly principal: Principal
}

class BasicScheme implements AuthScheme {
  readonly name: string
  readonly challenge: string
  readonly description = { type: 'http', scheme: 'basic' } as const
  readonly #options: BasicOptions
  readonly #turns: Turns
  readonly #verified = new VerifiedCredentials()
  /** Verifications that are under way, by credentials. */
  readonly #pending = new Map<string, Promise<Principal>>()
  #users: ReadonlyMap<string, User> = new Map()

  constructor(options: BasicOptions) {
    const { realm = 'portico', maxConcurrent = RANGES.maxConcurrent[0], maxWaiting = RANGES.maxWaiting[0] } = options
    this.name = options.name ?? 'basic'
    this.challenge = `Basic realm="${realm}", charset="UTF-8"`
    this.#options = options
    this.#turns = new Turns({ maxRunning: maxConcurrent, maxWaiting, refusal: 'too many passwords are being verified' })
  }

  prepare(server: PreparedServer): Promise<void> {
    const { users: listed, file } = this.#options
    const use = (users: readonly StoredCredential[]) => {
      this.#users = this.#tableOf(users)
      this.#verified.clear()
      this.#pending.clear()
    }
    return loadCredentials({ owner: 'basic', listed, file, use }, server)
  }

  authenticate(context: HandlerContext): Principal | Promise<Principal> | null {
    const credentials = authorizationOf(context, 'basic')
    if (credentials === null) return null
    if (credentials.length > MAX_LENGTH) throw new InvalidCredentials('too long')
    const key = tableKey(credentials)
    return this.#verified.get(key) ?? this.#pending.get(key) ?? this.#begin(key, credentials)
  }

  /** Calls with the same credentials share a verification. */
  #begin(key: string, credentials: string): Promise<Principal> {
    const users = this.#users
    const { cacheMs = RANGES.cacheMs[0] } = this.#options
    const verification = this.#verify(credentials)
      .then((principal) => {
        if (users === this.#users) this.#verified.add(key, principal, cacheMs)
        return principal
      })
      .finally(() => this.#pending.delete(key))
    this.#pending.set(key, verification)
    return verification
  }

  async #verify(credentials: string): Promise<Principal> {
    const text = Buffer.from(credentials, 'base64').toString('utf8')
    const colon = text.indexOf(':')
    if (colon < 0) throw new InvalidCredentials('malformed')
    const [name, password] = [text.slice(0, colon), text.slice(colon + 1)]
    // Its hash is what a script computes if the variable with the password is not set.
    if (password === '') throw new InvalidCredentials('password')
    const user = this.#users.get(name)
    // Unknown users take as long as known ones, so that the time does not tell which there are.
    const [decoy] = this.#users.values()
    const hash = (user ?? decoy)?.hash
    const isRight = hash !== undefined && (await this.#turns.run(() => isPassword(password, hash)))
    if (user === undefined) throw new InvalidCredentials('unknown user')
    if (!isRight) throw new InvalidCredentials('password')
    return user.principal
  }

  #tableOf(users: readonly StoredCredential[]): ReadonlyMap<string, User> {
    const table = new Map<string, User>()
    for (const [index, user] of users.entries()) {
      const hash = parsePasswordHash(user.hash)
      if (hash === undefined) throw new RangeError(`basic: users[${index}].hash is not a hash of hashPassword`)
      if (user.name.includes(':')) throw new RangeError(`basic: users[${index}].name has a colon`)
      if (table.has(user.name)) throw new RangeError(`basic: users[${index}].name is there twice`)
      table.set(user.name, { hash, principal: principalOf(user, this.name) })
    }
    return table
  }
}
