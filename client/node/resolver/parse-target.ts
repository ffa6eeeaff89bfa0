/** Parses targets (gRPC Name Resolution). */
import type { ResolverFactory, Target } from '../contracts/resolver.ts'

/** The scheme of targets without one. */
const DEFAULT_SCHEME = 'dns'

/** `scheme:[//authority/]endpoint`, with a scheme as in RFC 3986 (section 3.1). */
const TARGET = /^([a-z][a-z0-9+.-]*):(?:\/\/([^/]*)\/?)?(.*)$/is

/** A target, and its resolver. */
export interface ParsedTarget {
  readonly target: Target
  readonly factory: ResolverFactory
}

/**
 * Parses `dns:///greeter.example:443`, `unix:/run/app.sock`, `greeter.example:443`. Text without a known scheme is an endpoint of the default
 * scheme: `localhost:8080` equals `dns:///localhost:8080`.
 *
 * @param factories the known resolvers, in any order; each scheme once
 * @param defaultScheme the default scheme. Default: `dns`
 * @throws RangeError if the target is empty, or the default scheme is unknown
 */
export function parseTarget(
  text: string,
  factories: readonly ResolverFactory[],
  defaultScheme = DEFAULT_SCHEME,
): ParsedTarget {
  if (text === '') throw new RangeError('the target is empty: it must have the form dns:///greeter.example:443')
  const [, scheme = '', authority, endpoint = ''] = TARGET.exec(text) ?? []
  const factory = findFactory(factories, scheme.toLowerCase())
  if (factory !== undefined) {
    const hasAuthority = authority !== undefined
    return { factory, target: freeze({ scheme: factory.scheme, authority: authority ?? '', hasAuthority, endpoint }) }
  }
  const fallback = findFactory(factories, defaultScheme)
  if (fallback === undefined) {
    throw new RangeError(`the target is "${text}": its scheme must be one of ${schemesOf(factories)}`)
  }
  return {
    factory: fallback,
    target: freeze({ scheme: defaultScheme, authority: '', hasAuthority: true, endpoint: text }),
  }
}

function freeze(target: Target): Target {
  return Object.freeze(target)
}

function findFactory(factories: readonly ResolverFactory[], scheme: string): ResolverFactory | undefined {
  return factories.find((factory) => factory.scheme === scheme)
}

function schemesOf(factories: readonly ResolverFactory[]): string {
  return factories.map((factory) => factory.scheme).join(', ')
}
