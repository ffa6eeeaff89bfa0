/** Reads and places hooks where Fastify keeps those of a scope. */
import type { FastifyInstance, onRequestHookHandler } from 'fastify'

/** The hooks that run for a request. `preSerialization` is not among them: no call has a payload that Fastify serializes. */
export const REQUEST_HOOKS = [
  'onRequest',
  'preParsing',
  'preValidation',
  'preHandler',
  'onSend',
  'onResponse',
  'onError',
  'onTimeout',
  'onRequestAbort',
] as const

/** One of the hooks that run for a request. */
export type RequestHook = (typeof REQUEST_HOOKS)[number]

/** A function that was added as a hook, whatever it takes. */
export type HookFunction = (...args: never[]) => unknown

/** The hooks of a scope, those of its parents included, in the order in which they run. */
export type ScopeHooks = Readonly<Record<RequestHook, readonly HookFunction[]>>

/**
 * Returns the hooks of a scope, which Fastify keeps behind a symbol of its own; a test shows that they are still there. Hooks
 * that are added later appear in the same lists.
 *
 * @returns undefined if this Fastify keeps them elsewhere
 */
export function hooksOf(scope: FastifyInstance): ScopeHooks | undefined {
  return listsOf(scope)
}

/** The app of a scope: what answers a path that no route takes, unless a scope does that itself. */
export function rootOf(scope: FastifyInstance): FastifyInstance {
  // Fastify makes each scope with its parent as the prototype.
  const parent: FastifyInstance = Object.getPrototypeOf(scope)
  return parent === null || !('addHook' in parent) ? scope : rootOf(parent)
}

/**
 * Adds an `onRequest` hook that runs before all others of the scope, those of its parents included. Where the lists of hooks are
 * not found it runs after the hooks that are there already.
 */
export function addFirstHook(scope: FastifyInstance, hook: onRequestHookHandler): void {
  const lists = listsOf(scope)
  if (lists === undefined) scope.addHook('onRequest', hook)
  else lists.onRequest.unshift(hook)
}

function listsOf(scope: FastifyInstance): Record<RequestHook, HookFunction[]> | undefined {
  const symbol = Object.getOwnPropertySymbols(scope).find(({ description }) => description === 'fastify.hooks')
  if (symbol === undefined) return undefined
  const lists = (scope as unknown as Record<symbol, Record<string, unknown> | undefined>)[symbol]
  const hasAll = lists !== undefined && REQUEST_HOOKS.every((name) => Array.isArray(lists[name]))
  return hasAll ? (lists as Record<RequestHook, HookFunction[]>) : undefined
}

/**
 * Calls hooks one behind the other, as Fastify does: each takes `given` and a callback, or returns a promise. What one throws, or
 * gives to its callback, keeps the others from running.
 *
 * @param onEnd receives that fault, or undefined, once
 */
export function runHooks(
  hooks: readonly HookFunction[],
  given: readonly unknown[],
  onEnd: (fault: unknown) => void,
): void {
  let at = 0
  let isOver = false
  function next(fault?: unknown): void {
    const hook = hooks[at++]
    if (isOver) return
    if (hook === undefined || (fault !== undefined && fault !== null)) {
      isOver = true
      onEnd(fault ?? undefined)
      return
    }
    try {
      const returned = (hook as (...args: unknown[]) => unknown)(...given, next)
      if (returned instanceof Promise) returned.then(() => next(), next)
    } catch (thrown) {
      next(thrown ?? new Error('hook threw undefined'))
    }
  }
  next()
}
