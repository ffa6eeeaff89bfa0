/** Decides which calls go through Fastify's hooks, once all hooks are known, and logs it. */
import type { FastifyBaseLogger, FastifyInstance } from 'fastify'
import type { HookedCalls } from '../listen/port-calls.ts'
import { type BypassedHook, createBypass, nameOf } from './bypass-hooks.ts'
import type { CallRoute } from './call-route.ts'
import type { CallRoutes } from './mount-call-routes.ts'
import { hooksOf, REQUEST_HOOKS, rootOf } from './scope-hooks.ts'

/** The number of paths that a log line names; the rest is counted. */
const MAX_NAMED_PATHS = 3

/** What the decision depends on. */
export interface RouteCallsInit extends CallRoutes {
  /** The scope of the routes. */
  readonly scope: FastifyInstance
  /** Hooks that calls skip. */
  readonly bypassed: readonly BypassedHook[]
  /** Why every call goes through Fastify, whatever its hooks; undefined if only hooks decide. */
  readonly cause: string | undefined
}

/** The decision: which calls go through Fastify. */
export type HookedPaths = Omit<HookedCalls, 'watch'>

/**
 * Finds the methods whose calls go through Fastify: those with hooks that `bypassed` does not name. Calls to unknown
 * methods do so if the app as a whole has such hooks. If the hooks cannot be read, all calls do. Logs one line if there
 * are any.
 *
 * @throws Error for a name in `bypassed` that matches no hook, or more than one
 */
export function routeCalls({ scope, routes, methodPaths, own, bypassed, cause }: RouteCallsInit): HookedPaths {
  const scopeHooks = hooksOf(scope)
  for (const route of routes) route.onReady(scope, scopeHooks, own)
  const isBypassed = createBypass(
    routes.map(({ hooks }) => hooks),
    scopeHooks === undefined ? [] : bypassed,
  )
  /** Without the lists of hooks, any call may have some, so all calls go through Fastify. */
  const hidden = scopeHooks === undefined ? 'this version of Fastify does not expose its hooks' : undefined
  const forAll = cause ?? hidden
  const reasons = new Map<string, string[]>()
  const routed = routes.filter((route) => {
    const found = [...new Set(route.hooks.filter((hook) => !isBypassed(hook)).map(nameOf)), ...route.limits]
    for (const reason of found) reasons.set(reason, [...(reasons.get(reason) ?? []), route.path])
    return found.length > 0 || forAll !== undefined
  })
  if (routed.length > 0) logRoutes(scope.log, { routes, routed, methodPaths, reasons, forAll })
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
  readonly methodPaths: ReadonlySet<string>
  /** The reasons why calls go through Fastify, with their paths. */
  readonly reasons: ReadonlyMap<string, readonly string[]>
  readonly forAll: string | undefined
}

/** One line for all routes, grouped by reason: servers have hundreds of methods. */
function logRoutes(log: FastifyBaseLogger, { routes, routed, methodPaths, reasons, forAll }: Decision): void {
  const hooks = Object.fromEntries(
    [...reasons].map(([reason, paths]) => [reason, paths.length === routes.length ? 'all calls' : named(paths)]),
  )
  const routedMethods = routed.filter(({ path }) => methodPaths.has(path)).length
  const fields = { ...(reasons.size > 0 && { hooks }), routedMethods, methods: methodPaths.size }
  if (forAll === undefined) log.info(fields, BECAUSE_OF_HOOKS)
  else log.info({ ...fields, cause: forAll }, 'portico: all calls run through Fastify, at several times the cost')
}

const BECAUSE_OF_HOOKS =
  'portico: calls run through Fastify because of hooks, at several times the cost: ' +
  'write checks as requestGate, and list the hooks that calls do not need in bypassHooks'

function named(paths: readonly string[]): string {
  const more = paths.length - MAX_NAMED_PATHS
  return paths.slice(0, MAX_NAMED_PATHS).join(', ') + (more > 0 ? ` and ${more} more` : '')
}
