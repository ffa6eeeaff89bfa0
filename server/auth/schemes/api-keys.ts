/** API keys as credentials: random texts in a header, of which the server knows the hashes. */
import { hash, timingSafeEqual } from 'node:crypto'
import type { HandlerContext } from '@connectrpc/connect'
import { checkOptions, type OptionKinds, type OptionShape } from '../../../wire/options/check-options.ts'
import { isReservedField } from '../../../wire/user-fields.ts'
import type { CallerScheme } from '../../rpc/api-facts.ts'
import { requestField } from '../../rpc/call-context.ts'
import type { Principal } from '../../rpc/context-keys.ts'
import type { PreparedServer } from '../../rpc/middleware.ts'
import { type AuthScheme, InvalidCredentials } from './auth-scheme.ts'
import { loadCredentials, principalOf, type StoredCredential, tableKey } from './stored-credentials.ts'

/** What `apiKeys` takes: `keys` or `file`. */
export interface ApiKeysOptions {
  /** The accepted keys. A name can have several, for rotation. */
  readonly keys?: readonly StoredCredential[]
  /** The path of a JSON file with such a list. It is read at start-up and on SIGHUP. */
  readonly file?: string
  /** The header field of the key. Default: `x-api-key`. */
  readonly header?: string
  /** The name of the scheme, for servers with several of this kind. Default: `apiKey`. */
  readonly name?: string
}

const SHAPE: OptionShape = {
  kinds: {
    keys: ['array'],
    file: ['string'],
    header: ['string'],
    name: ['string'],
  } satisfies OptionKinds<ApiKeysOptions>,
}

/** A field name of HTTP, in lower case. */
const FIELD_NAME = /^[a-z0-9][a-z0-9_.-]*$/

const PREFIX = 'sha256:'

/** Longer keys are refused unread. */
const MAX_KEY_LENGTH = 1_024

/**
 * Accepts keys whose SHA-256 hashes it knows. They must be random, with at least 128 bits: a text that someone chose can be guessed from
 * such a hash. The principal has the name and scopes of the key.
 *
 *     apiKeys({ keys: [{ name: 'billing', hash: 'sha256:9f86d0...', scopes: ['orders:read'] }] })
 *
 * @throws RangeError that names every invalid option; at start-up, for a file that is not valid
 */
export function apiKeys(options: ApiKeysOptions): AuthScheme {
  checkOptions('apiKeys', options, SHAPE)
  const { keys, file, header = 'x-api-key' } = options
  if ((keys === undefined) === (file === undefined)) throw new RangeError('apiKeys: give either keys or file')
  const field = header.toLowerCase()
  if (!FIELD_NAME.test(field) || field.endsWith('-bin') || isReservedField(field)) {
    throw new RangeError(`apiKeys: header is ${JSON.stringify(header)}: it must be a field name that no protocol uses`)
  }
  return new ApiKeyScheme(options, field)
}

/** Returns the hash of an API key, for `keys`: `sha256:` and 64 hexadecimal digits, as `sha256sum` prints them. */
export function hashApiKey(key: string): string {
  return PREFIX + hash('sha256', key)
}

/** What a script hashes if the variable with the key is not set. */
const EMPTY_KEY = hashApiKey('')

interface KnownKey {
  readonly digest: Buffer
  readonly principal: Principal
}

class ApiKeyScheme implements AuthScheme {
  readonly name: string
  readonly description: CallerScheme
  readonly #options: ApiKeysOptions
  readonly #field: string
  #known: ReadonlyMap<string, KnownKey> = new Map()

  constructor(options: ApiKeysOptions, field: string) {
    this.name = options.name ?? 'apiKey'
    this.#options = options
    this.description = { type: 'apiKey', in: 'header', name: field }
    this.#field = field
  }

  prepare(server: PreparedServer): Promise<void> {
    const { keys: listed, file } = this.#options
    const use = (keys: readonly StoredCredential[]) => {
      this.#known = this.#tableOf(keys)
    }
    return loadCredentials({ owner: 'apiKeys', listed, file, use }, server)
  }

  authenticate(context: HandlerContext): Principal | null {
    const key = requestField(context, this.#field)
    if (key === null) return null
    if (key.length > MAX_KEY_LENGTH) throw new InvalidCredentials('too long')
    const digest = hash('sha256', key, 'buffer')
    const known = this.#known.get(tableKey(digest))
    if (known === undefined || !timingSafeEqual(known.digest, digest)) throw new InvalidCredentials('unknown key')
    return known.principal
  }

  #tableOf(keys: readonly StoredCredential[]): ReadonlyMap<string, KnownKey> {
    const table = new Map<string, KnownKey>()
    for (const [index, key] of keys.entries()) {
      const digest = Buffer.from(key.hash.slice(PREFIX.length), 'hex')
      if (!key.hash.startsWith(PREFIX) || digest.byteLength !== 32) {
        throw new RangeError(`apiKeys: keys[${index}].hash is not a hash of hashApiKey`)
      }
      if (key.hash === EMPTY_KEY) throw new RangeError(`apiKeys: keys[${index}].hash is that of an empty key`)
      if (table.has(tableKey(digest))) throw new RangeError(`apiKeys: keys[${index}].hash is there twice`)
      table.set(tableKey(digest), { digest, principal: principalOf(key, this.name) })
    }
    return table
  }
}
