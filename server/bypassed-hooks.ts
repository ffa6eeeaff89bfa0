/** Finds the Fastify hooks that calls would pass by, since the native lane answers them before Fastify's router. */
import type { FastifyInstance } from 'fastify'

/** Where hooks can stand that may refuse a request, in the order in which they run. */
const GUARDING_HOOKS = ['onRequest', 'preParsing', 'preValidation', 'preHandler'] as const

/** How much of a hook without a name is shown. */
const MAX_EXCERPT_CHARS = 60

type Hooks = Readonly<Record<(typeof GUARDING_HOOKS)[number], readonly ((...args: never[]) => unknown)[]>>

/**
 * Looks at the hooks of a scope, once no more can be added.
 *
 * @param bypassed names of the functions that have nothing to do with calls
 * @throws Error that names each of the other hooks, and the ways out
 */
export function refuseBypassedHooks(app: FastifyInstance, bypassed: readonly string[]): void {
  const hooks = hooksOf(app)
  const found = GUARDING_HOOKS.flatMap((hook) =>
    hooks[hook].filter(({ name }) => !bypassed.includes(name)).map((run) => `${hook}: ${describe(run)}`),
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

function describe(run: (...args: never[]) => unknown): string {
  if (run.name !== '') return run.name
  const source = String(run).replaceAll(/\s+/g, ' ')
  const excerpt = source.length > MAX_EXCERPT_CHARS ? `${source.slice(0, MAX_EXCERPT_CHARS)}...` : source
  return `a function without a name, ${excerpt}`
}
