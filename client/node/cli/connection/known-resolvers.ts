/** The resolvers that the program knows: those of the client, and those of registries. */
import { REGISTRY_RESOLVERS } from '../../../../registry/registry-resolvers.ts'
import { reasonOf } from '../../base/thrown.ts'
import type { ResolverFactory } from '../../contracts/resolver.ts'
import { DEFAULT_RESOLVERS } from '../../resolver/default-resolvers.ts'
import { InputError, UsageError } from '../terminal/program-errors.ts'
import { splitRegistryUrl, withoutUserInfo } from './split-registry-url.ts'

const SCHEME = /^([a-z][a-z0-9+.-]*):/i

/** The schemes of targets, in lower case. */
export const KNOWN_SCHEMES: readonly string[] = [
  ...DEFAULT_RESOLVERS.map(({ scheme }) => scheme),
  ...REGISTRY_RESOLVERS.keys(),
]

/** Returns the text before the first colon in lower case; undefined if a scheme cannot have that form. */
export function schemeOf(address: string): string | undefined {
  return SCHEME.exec(address)?.[1]?.toLowerCase()
}

/** A target in a registry. */
export interface OpenRegistry {
  /** Without the credentials of the registry. */
  readonly target: string
  readonly resolver: ResolverFactory
}

/**
 * Loads the resolver of a target in a registry.
 *
 * @returns undefined for every other address
 * @throws UsageError for access that the registry does not have, InputError if a package cannot be loaded
 */
export async function openRegistry(address: string): Promise<OpenRegistry | undefined> {
  const scheme = schemeOf(address) ?? ''
  const load = REGISTRY_RESOLVERS.get(scheme)
  if (load === undefined) return undefined
  try {
    const { target, access } = splitRegistryUrl(address)
    return { target, resolver: await load(access) }
  } catch (cause) {
    if (cause instanceof RangeError) throw new UsageError(`invalid ${scheme} target: ${cause.message}`, { cause })
    throw new InputError(`${scheme} targets are not available: ${reasonOf(cause)}`, { cause })
  }
}

/** Returns an address without the credentials of a registry, to be shown. */
export function withoutCredentials(address: string): string {
  return REGISTRY_RESOLVERS.has(schemeOf(address) ?? '') ? withoutUserInfo(address) : address
}
