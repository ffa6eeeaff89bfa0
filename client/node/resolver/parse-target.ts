/** Takes the name of a service apart (gRPC Name Resolution). */
import type { ResolverFactory, Target } from '../contracts/resolver.ts'

/** What a name without a scheme is looked up by. */
const DEFAULT_SCHEME = 'dns'

/** `scheme:[//authority/]endpoint`, where the scheme is as RFC 3986 (section 3.1) has it. */
const TARGET = /^([a-z][a-z0-9+.-]*):(?:\/\/([^/]*)\/?)?(.*)$/is

/** A target, and who resolves it. */
export interface ParsedTarget {
  readonly target: Target
  readonly factory: ResolverFactory
}

/**
 * Reads `dns:///greeter.example:443`, `unix:/run/app.sock`, `greeter.example:443`. What has no scheme, or one that nobody
 * knows, is an endpoint for the default scheme: `localhost:8080` is as `dns:///localhost:8080`.
 *
 * @param factories what to choose from, in no order; each scheme once
 * @param defaultScheme the scheme of what has none; default `dns`
 * @throws RangeError if the target is empty, or if nobody knows the default scheme
 */
export function parseTarget(
  text: string,
  factories: readonly ResolverFactory[],
  defaultScheme = DEFAULT_SCHEME,
): ParsedTarget {
  if (text === '') throw new RangeError('the target is empty: it must be as dns:///greeter.example:443')
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
