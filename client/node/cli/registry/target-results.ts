/** Resolves a target, as a channel does, for commands that show what it leads to. */
import { EventEmitter, on } from 'node:events'
import { systemClock } from '../../../../wire/http2/http2.ts'
import { LiveResolver } from '../../channel/live-resolver.ts'
import { ProcessHold } from '../../channel/process-hold.ts'
import type { ResolverResult } from '../../contracts/resolver.ts'
import { DEFAULT_RESOLVERS } from '../../resolver/default-resolvers.ts'
import { dnsResolver } from '../../resolver/dns-resolver.ts'
import { type ParsedTarget, parseTarget } from '../../resolver/parse-target.ts'
import { srvResolver } from '../../resolver/srv-resolver.ts'
import { KNOWN_SCHEMES, openRegistry, schemeOf, withoutCredentials } from '../connection/known-resolvers.ts'
import { UsageError } from '../terminal/program-errors.ts'

/**
 * Parses a target and loads its resolver.
 *
 * @param refreshMs the interval of DNS lookups
 * @throws UsageError for an invalid target, InputError if its resolver cannot be loaded
 */
export async function openTarget(text: string, refreshMs: number): Promise<ParsedTarget> {
  const scheme = schemeOf(text) ?? ''
  if (text.includes('://') && !KNOWN_SCHEMES.includes(scheme)) {
    throw new UsageError(`unknown scheme ${scheme}: must be one of ${KNOWN_SCHEMES.join(', ')}`)
  }
  const registry = await openRegistry(text)
  const polling = [dnsResolver({ refreshMs }), srvResolver({ refreshMs })]
  try {
    const parsed =
      registry === undefined
        ? parseTarget(text, [...polling, ...DEFAULT_RESOLVERS])
        : parseTarget(registry.target, [registry.resolver], registry.resolver.scheme)
    // Validates the target.
    parsed.factory.defaultAuthority(parsed.target)
    return parsed
  } catch (cause) {
    if (cause instanceof RangeError)
      throw new UsageError(`invalid target "${withoutCredentials(text)}": ${cause.message}`, { cause })
    throw cause
  }
}

/** Yields every result of the resolver. Throws once the signal aborts. */
export async function* targetResults(
  { factory, target }: ParsedTarget,
  signal: AbortSignal,
): AsyncGenerator<ResolverResult> {
  const results = new EventEmitter()
  const resolver = new LiveResolver({
    name: `the resolver of ${target.scheme}`,
    clock: systemClock,
    random: Math.random,
    usesServiceConfig: false,
    onFault: () => {},
    create: (context) => factory.create(target, context),
    onResult(result) {
      results.emit('result', result)
      return null
    },
  })
  // The timers of resolvers do not keep the process alive.
  const hold = new ProcessHold()
  hold.hold()
  try {
    const coming = on(results, 'result', { signal })
    resolver.start()
    for await (const [result] of coming) yield result
  } finally {
    resolver.close()
    hold.close()
  }
}
