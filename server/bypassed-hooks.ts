/** Finds the Fastify hooks that calls would pass by, since the native lane answers them before Fastify's router. */
import { createHash } from 'node:crypto'
import type { FastifyInstance } from 'fastify'

/** Where hooks can stand that may refuse a request, in the order in which they run. */
const GUARDING_HOOKS = ['onRequest', 'preParsing', 'preValidation', 'preHandler'] as const

/** How much of a hook without a name is shown. */
const MAX_EXCERPT_CHARS = 60
const HASH_CHARS = 8

type HookFunction = (...args: never[]) => unknown
type GuardingHook = (typeof GUARDING_HOOKS)[number]
type Hooks = Readonly<Record<GuardingHook, readonly HookFunction[]>>

/**
 * Looks at the hooks of a scope, once no more can be added.
 *
 * @param bypassed names of the functions that have nothing to do with calls; of one without a name, what the error calls it
 * @throws Error that names each of the other hooks, and the ways out
 */
export function refuseBypassedHooks(app: FastifyInstance, bypassed: readonly string[]): void {
  const hooks = hooksOf(app)
  const found = GUARDING_HOOKS.flatMap((hook) =>
    hooks[hook].filter((run) => !bypassed.includes(nameOf(hook, run))).map((run) => describe(hook, run)),
  )
  if (found.length === 0) return
  throw new Error(
    `portico: calls on the native lane are answered before these Fastify hooks of "${app.pluginName}" could run:\n` +
      `${found.map((line) => `  ${line}\n`).join('')}` +
      'Write them as interceptors, or as the requestGate; or choose `lane: "reference"`, where every hook runs for calls ' +
      'too; or, for a hook that has nothing to do with calls, give its name in `bypassHooks`.',
  )
}

/** Fastify keeps them behind a symbol of its own; a test shows that they are still there. */
function hooksOf(app: FastifyInstance): Hooks {
  const symbol = Object.getOwnPropertySymbols(app).find(({ description }) => description === 'fastify.hooks')
  const hooks = symbol && (app as unknown as Record<symbol, Hooks | undefined>)[symbol]
  if (hooks === undefined || !GUARDING_HOOKS.every((name) => Array.isArray(hooks[name]))) {
    throw new Error(
      'portico: this Fastify does not show its hooks, so choose `lane: "reference"`, where all of them run',
    )
  }
  return hooks
}

/** Functions without a name go by a hash of their source: another version of a plugin is another function, to be looked at. */
function nameOf(hook: GuardingHook, run: HookFunction): string {
  return run.name || `${hook}#${createHash('sha256').update(String(run)).digest('hex').slice(0, HASH_CHARS)}`
}

function describe(hook: GuardingHook, run: HookFunction): string {
  const name = nameOf(hook, run)
  if (run.name !== '') return `${hook}: ${name}`
  const source = String(run).replaceAll(/\s+/g, ' ')
  const excerpt = source.length > MAX_EXCERPT_CHARS ? `${source.slice(0, MAX_EXCERPT_CHARS)}...` : source
  return `${hook}: ${name}, which has no name of its own: ${excerpt}`
}
