/** Finds what Fastify would run for the calls of a route besides our own handler. */
import type { RouteOptions } from 'fastify'
import { type HookFunction, REQUEST_HOOKS, type ScopeHooks } from './scope-hooks.ts'

/** A function that runs for the calls of a route. */
export interface RouteHook {
  /** The name of the hook; `handler` for a function that an `onRoute` hook has wrapped around ours. */
  readonly hook: string
  readonly run: HookFunction
}

/** The parts of a request that a schema may validate. */
const VALIDATED = ['body', 'querystring', 'query', 'params', 'headers']

/**
 * Returns the hooks of a route in the order in which they run, without `own`.
 *
 * @param options the options of the Fastify route, after `onRoute` hooks
 * @param scopeHooks the hooks of its scope; undefined if they cannot be read
 */
export function hooksOfRoute(
  options: RouteOptions,
  scopeHooks: ScopeHooks | undefined,
  own: ReadonlySet<HookFunction>,
): readonly RouteHook[] {
  const hooks = REQUEST_HOOKS.flatMap((hook) => {
    const ofRoute = (options[hook] ?? []) as HookFunction | readonly HookFunction[]
    return [...(scopeHooks?.[hook] ?? []), ...[ofRoute].flat()].map((run) => ({ hook, run }))
  })
  /** An `onRoute` hook may wrap the handler, which counts as one more hook. */
  const all = [...hooks, { hook: 'handler', run: options.handler as HookFunction }]
  return all.filter(({ run }) => !own.has(run))
}

/**
 * Returns the other changes that an `onRoute` hook has made to a route. With any of them Fastify may not route every
 * call to it.
 */
export function limitsOfRoute({ url, constraints, schema }: RouteOptions, path: string): string[] {
  const limits: string[] = []
  if (url !== path) limits.push(`another path, ${url}`)
  if (Object.keys(constraints ?? {}).length > 0)
    limits.push(`constraints on ${Object.keys(constraints ?? {}).join(', ')}`)
  const validated = VALIDATED.filter((part) => (schema as Record<string, unknown> | undefined)?.[part] !== undefined)
  if (validated.length > 0) limits.push(`a schema for ${validated.join(', ')}`)
  return limits
}
