/** Decides which calls go by Fastify's hooks, once all hooks are known, and says so. */
import type { FastifyBaseLogger, FastifyInstance } from 'fastify'
import type { HookedCalls } from '../listen/port-calls.ts'
import { type BypassedHook, createBypass, nameOf } from './bypass-hooks.ts'
import type { CallRoute } from './call-route.ts'
import type { CallRoutes } from './mount-call-routes.ts'
import { hooksOf, REQUEST_HOOKS, rootOf } from './scope-hooks.ts'

/** How many paths a line of the log names before it counts. */
const MAX_NAMED_PATHS = 3

/** What is decided about. */
export interface RouteCallsInit extends CallRoutes {
  /** The scope of the routes. */
  readonly scope: FastifyInstance
  /** Hooks that calls do not need. */
  readonly bypassed: readonly BypassedHook[]
  /** Why every call goes by Fastify whatever its hooks are; undefined where only hooks do it. */
  readonly cause: string | undefined
}

/** What was decided: which calls go by Fastify. */
export type HookedPaths = Omit<HookedCalls, 'watch'>

/**
 * Finds the methods whose calls go by Fastify: those that have hooks, beside the ones in `bypassed`. Calls that nobody serves do so
 * if the whole app has such hooks. Where Fastify does not show its hooks these are all. Writes one line if there are any.
 *
 * @throws Error for a name in `bypassed` that means no hook, or more than one
 */
export function routeCalls({ scope, routes, own, bypassed, cause }: RouteCallsInit): HookedPaths {
  const scopeHooks = hooksOf(scope)
  for (const route of routes) route.onReady(scope, scopeHooks, own)
  const isBypassed = createBypass(
    routes.map(({ hooks }) => hooks),
    scopeHooks === undefined ? [] : bypassed,
  )
  const hidden = scopeHooks === undefined ? 'this Fastify does not show its hooks' : undefined
  const forAll = cause ?? hidden
  const reasons = new Map<string, string[]>()
  const routed = routes.filter((route) => {
    const found = [...new Set(route.hooks.filter((hook) => !isBypassed(hook)).map(nameOf)), ...route.limits]
    for (const reason of found) reasons.set(reason, [...(reasons.get(reason) ?? []), route.path])
    return found.length > 0 || forAll !== undefined
  })
  if (routed.length > 0) logRoutes(scope.log, { routes, routed, reasons, forAll })
  const ofApp = hooksOf(rootOf(scope))
  const unserved = ofApp && REQUEST_HOOKS.flatMap((hook) => ofApp[hook].map((run) => ({ hook, run })))
  return {
    paths: routed.map(({ path }) => path),
    limitedPaths: routed.filter(({ limits }) => limits.length > 0).map(({ path }) => path),
    includesUnserved: unserved?.every((hook) => own.has(hook.run) || isBypassed(hook)) !== true,
  }
}

interface Decision {
  readonly routes: readonly CallRoute[]
  readonly routed: readonly CallRoute[]
  /** What makes calls go by Fastify, to their paths. */
  readonly reasons: ReadonlyMap<string, readonly string[]>
  readonly forAll: string | undefined
}

function logRoutes(log: FastifyBaseLogger, { routes, routed, reasons, forAll }: Decision): void {
  const hooks = Object.fromEntries(
    [...reasons].map(([reason, paths]) => [reason, paths.length === routes.length ? 'all calls' : named(paths)]),
  )
  const fields = { hooks, routedMethods: routed.length, methods: routes.length, ...(forAll && { cause: forAll }) }
  log.info(fields, MESSAGE)
}

const MESSAGE =
  'portico: calls run through Fastify for its hooks, which costs several times what a call costs without: write checks as ' +
  'requestGate, and name hooks that calls do not need in bypassHooks'

function named(paths: readonly string[]): string {
  const more = paths.length - MAX_NAMED_PATHS
  return paths.slice(0, MAX_NAMED_PATHS).join(', ') + (more > 0 ? ` and ${more} more` : '')
}
