/** Finds what Fastify would run for the calls of a route before, beside and behind our own handler. */
import type { RouteOptions } from 'fastify'
import { type HookFunction, REQUEST_HOOKS, type ScopeHooks } from './scope-hooks.ts'

/** Something that runs for the calls of a route. */
export interface RouteHook {
  /** The name of the hook; `handler` for a function that an `onRoute` hook has put around ours. */
  readonly hook: string
  readonly run: HookFunction
}

/** Parts of a request that a schema may refuse. */
const VALIDATED = ['body', 'querystring', 'query', 'params', 'headers']

/**
 * Collects the hooks of a route in the order in which they run, without `own`.
 *
 * @param options what Fastify has made the route of, `onRoute` hooks included
 * @param scopeHooks those of its scope; undefined where Fastify does not show them
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
  const all = [...hooks, { hook: 'handler', run: options.handler as HookFunction }]
  return all.filter(({ run }) => !own.has(run))
}

/** What an `onRoute` hook has made of a route beside its hooks, so that Fastify may not take every call to it; empty for nothing. */
export function limitsOfRoute({ url, constraints, schema }: RouteOptions, path: string): string[] {
  const limits: string[] = []
  if (url !== path) limits.push(`another path, ${url}`)
  if (Object.keys(constraints ?? {}).length > 0)
    limits.push(`constraints on ${Object.keys(constraints ?? {}).join(', ')}`)
  const validated = VALIDATED.filter((part) => (schema as Record<string, unknown> | undefined)?.[part] !== undefined)
  if (validated.length > 0) limits.push(`a schema for ${validated.join(', ')}`)
  return limits
}
