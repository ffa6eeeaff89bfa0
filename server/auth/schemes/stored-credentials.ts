/** Hashes of credentials with the names that they prove, from code or from a file that is reloaded. */
import { createHmac, randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { checkOptions, type OptionKinds, type OptionShape } from '../../../wire/options/check-options.ts'
import { reloadsOf } from '../../lifecycle/reloads.ts'
import type { Principal } from '../../rpc/context-keys.ts'
import type { PreparedServer } from '../../rpc/middleware.ts'

/** A key or password, as a hash. */
export interface StoredCredential {
  /** The name of the principal: of a user, or of the program that has the key. */
  readonly name: string
  /** The hash, as the function for it returns it: `hashApiKey`, `hashPassword`. */
  readonly hash: string
  /** What the principal may do. Default: nothing in particular. */
  readonly scopes?: readonly string[]
}

const SHAPE: OptionShape = {
  kinds: { name: ['string'], hash: ['string'], scopes: ['array'] } satisfies OptionKinds<StoredCredential>,
}

/** Where credentials come from: one of the two. */
export interface CredentialSource {
  /** The function that takes the options, for errors: `apiKeys`. */
  readonly owner: string
  readonly listed: readonly StoredCredential[] | undefined
  /** A JSON file with a list like that. */
  readonly file: string | undefined
  /** Receives the list, and later each new one. Must throw, and keep the last one, if the hashes are not valid. */
  use(credentials: readonly StoredCredential[]): void
}

/**
 * Passes on the credentials. A file is read at start-up and again on SIGHUP.
 *
 * @throws RangeError for a list that is not valid; Error for a file that cannot be read
 */
export async function loadCredentials(source: CredentialSource, { app }: PreparedServer): Promise<void> {
  const { owner, listed, file } = source
  if (listed !== undefined) source.use(checkCredentials(owner, listed))
  if (file === undefined) return
  const load = async () =>
    source.use(checkCredentials(`${owner}: ${file}`, parse(owner, file, await readFile(file, 'utf8'))))
  await load()
  if (app !== undefined) reloadsOf(app).add(file, load)
}

/** Returns the principal of a credential. */
export function principalOf({ name, scopes = [] }: StoredCredential, scheme: string): Principal {
  return Object.freeze({ name, scheme, scopes: Object.freeze([...scopes]), claims: Object.freeze({}) })
}

/**
 * Keys of tables of secrets: only this process can compute them, so the time of a lookup, which depends on the key, tells an attacker
 * nothing about the secrets in the table.
 */
const PROCESS_KEY = randomBytes(32)

/** Returns the key of a secret in a table. */
export function tableKey(secret: string | Uint8Array): string {
  return createHmac('sha256', PROCESS_KEY).update(secret).digest('base64')
}

/** The error of `JSON.parse` quotes the text, which has hashes. */
function parse(owner: string, file: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new RangeError(`${owner}: ${file} is not JSON`)
  }
}

function checkCredentials(owner: string, list: unknown): readonly StoredCredential[] {
  if (!Array.isArray(list)) throw new RangeError(`${owner}: it must be a list of { name, hash, scopes }`)
  for (const [index, entry] of list.entries()) {
    checkOptions(`${owner}[${index}]`, entry, SHAPE)
    const { name, hash, scopes = [] } = entry as Partial<StoredCredential>
    if (!name || !hash) throw new RangeError(`${owner}[${index}]: name and hash must be given`)
    if (scopes.some((scope) => typeof scope !== 'string')) {
      throw new RangeError(`${owner}[${index}]: scopes must be strings`)
    }
  }
  return list
}
