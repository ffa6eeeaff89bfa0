/** Tells whether Fastify routes a path, without running anything: for calls to what the plugin does not serve. */
import type { FastifyInstance } from 'fastify'

/** Calls have two segments, and those of a prefix. Of longer paths only what a wildcard behind so many catches is found. */
const MAX_SEGMENTS = 4

/**
 * Whether a route of Fastify's takes such a request: its own path, one with parameters that are whole segments, or a wildcard. What
 * else a request must have, by constraints, is not looked at.
 */
export function hasRoute(app: FastifyInstance, method: string, path: string): boolean {
  for (const url of patternsOf(path)) if (app.hasRoute({ method, url })) return true
  return false
}

/** Fastify finds a route by its pattern alone, whatever its parameters are called; so every pattern that fits is tried. */
function* patternsOf(path: string): Generator<string> {
  yield '*'
  yield* patternsBehind('', path.slice(1).split('/', MAX_SEGMENTS + 1))
}

function* patternsBehind(before: string, [segment, ...rest]: readonly string[]): Generator<string> {
  yield `${before}/*`
  if (segment === undefined || before.split('/').length > MAX_SEGMENTS) return
  for (const fitting of [segment.replaceAll(':', '::'), ':any']) {
    if (rest.length === 0) yield `${before}/${fitting}`
    else yield* patternsBehind(`${before}/${fitting}`, rest)
  }
}
