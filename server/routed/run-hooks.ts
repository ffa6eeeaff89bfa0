/** Runs hooks that Fastify would run if it answered a call itself. */
import type { HookFunction } from './scope-hooks.ts'

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
      next(thrown ?? new Error('a hook threw nothing'))
    }
  }
  next()
}
