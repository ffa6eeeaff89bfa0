/** Reads, adds and runs the hooks of a Fastify scope. */
import type { FastifyInstance, onRequestHookHandler } from 'fastify'

/** The hooks that run for a request. Not `preSerialization`, because calls have no payload that Fastify serializes. */
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

/** The name of a hook that runs for a request. */
export type RequestHook = (typeof REQUEST_HOOKS)[number]

/** A function that was added as a hook. */
export type HookFunction = (...args: never[]) => unknown

/** The hooks of a scope and its parents, in the order in which they run. */
export type ScopeHooks = Readonly<Record<RequestHook, readonly HookFunction[]>>

/**
 * Returns the hooks of a scope. Fastify keeps them behind a private symbol; a test checks that they are still there.
 * Hooks that are added later appear in the same lists.
 *
 * @returns undefined if this version of Fastify keeps them elsewhere
 */
export function hooksOf(scope: FastifyInstance): ScopeHooks | undefined {
  return listsOf(scope)
}

/** Returns the root instance of a scope, which handles unknown paths unless a scope does. */
export function rootOf(scope: FastifyInstance): FastifyInstance {
  // Fastify creates each scope with its parent as the prototype.
  const parent: FastifyInstance = Object.getPrototypeOf(scope)
  return parent === null || !('addHook' in parent) ? scope : rootOf(parent)
}

/**
 * Adds an `onRequest` hook that runs before all others of the scope and its parents. If the lists of hooks cannot be
 * found, it runs after those that exist.
 */
export function addFirstHook(scope: FastifyInstance, hook: onRequestHookHandler): void {
  const lists = listsOf(scope)
  if (lists === undefined) scope.addHook('onRequest', hook)
  else lists.onRequest.unshift(hook)
}

/** Requires all lists, so that a changed Fastify is noticed rather than half supported. */
function listsOf(scope: FastifyInstance): Record<RequestHook, HookFunction[]> | undefined {
  const symbol = Object.getOwnPropertySymbols(scope).find(({ description }) => description === 'fastify.hooks')
  if (symbol === undefined) return undefined
  const lists = (scope as unknown as Record<symbol, Record<string, unknown> | undefined>)[symbol]
  const hasAll = lists !== undefined && REQUEST_HOOKS.every((name) => Array.isArray(lists[name]))
  return hasAll ? (lists as Record<RequestHook, HookFunction[]>) : undefined
}

/**
 * Runs hooks in order, as Fastify does: each takes `given` and a callback, or returns a promise. An error stops the
 * sequence.
 *
 * @param onEnd called once, with the error or undefined
 */
export function runHooks(
  hooks: readonly HookFunction[],
  given: readonly unknown[],
  onEnd: (fault: unknown) => void,
): void {
  let at = 0
  let isOver = false
  /** Stops at the first error. A hook that calls back after the end has no effect. */
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
