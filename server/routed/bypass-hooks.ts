/** Determines which hooks the calls of a plugin skip, from the names in its options. */
import { createHash } from 'node:crypto'
import type { RouteHook } from './route-hooks.ts'
import type { HookFunction } from './scope-hooks.ts'

/** A hook that calls skip: the function itself, or its name. */
export type BypassedHook = string | HookFunction

const HASH_CHARS = 8

/**
 * Creates a test for the hooks that `bypassed` names. A string is a function name (`authorize`), optionally with its
 * hook (`onRequest:authorize`) and a hash of its source (`onRequest:authorize#1a2b3c4d`, `onRequest#1a2b3c4d`). It must
 * identify one function. Functions with the same name differ by hook and hash; those with the same source can be given
 * only as functions.
 *
 * @throws Error for a string that matches no hook of the routes, or more than one
 */
export function createBypass(
  routes: Iterable<readonly RouteHook[]>,
  bypassed: readonly BypassedHook[],
): (hook: RouteHook) => boolean {
  const lists = [...routes]
  const functions = new Set(bypassed.filter((entry) => typeof entry === 'function'))
  const names = new Set(bypassed.filter((entry) => typeof entry === 'string').map((text) => resolve(text, lists)))
  return (hook) => functions.has(hook.run) || names.has(exactNameOf(hook))
}

/** Returns the shortest name that identifies a hook in its route, for logs. */
export function nameOf({ hook, run }: RouteHook): string {
  return run.name === '' ? `${hook}#${hashOf(run)}` : `${hook}:${run.name}`
}

/** Returns the exact name of the only hook that a string matches. */
function resolve(text: string, lists: readonly (readonly RouteHook[])[]): string {
  const matching = lists.map((hooks) => hooks.filter((hook) => namesOf(hook).includes(text)))
  const exact = new Set(matching.flat().map(exactNameOf))
  const [only, ...others] = exact
  if (only === undefined) {
    const known = [...new Set(lists.flat().map(nameOf))].join(', ')
    throw new Error(
      `portico: bypassHooks has "${text}", which is not a hook of any call: the hooks are ${known || 'none'}`,
    )
  }
  if (others.length > 0) {
    throw new Error(
      `portico: bypassHooks has "${text}", which names more than one hook: use ${[...exact].join(' or ')}`,
    )
  }
  if (matching.some((hooks) => new Set(hooks.map(({ run }) => run)).size > 1)) {
    throw new Error(
      `portico: bypassHooks has "${text}", which names several hooks with the same source: pass the function`,
    )
  }
  return only
}

/** All strings that match a hook, from the least to the most specific. */
function namesOf(hook: RouteHook): string[] {
  return [hook.run.name, nameOf(hook), exactNameOf(hook)].filter((name) => name !== '')
}

function exactNameOf({ hook, run }: RouteHook): string {
  return `${hook}${run.name === '' ? '' : `:${run.name}`}#${hashOf(run)}`
}

/** Hashing a source is slow, and hooks are shared by many routes. */
const hashes = new WeakMap<HookFunction, string>()

/** The hash changes with the source, so a new version of a plugin must be reviewed again. */
function hashOf(run: HookFunction): string {
  let hash = hashes.get(run)
  if (hash === undefined) {
    hash = createHash('sha256').update(String(run)).digest('hex').slice(0, HASH_CHARS)
    hashes.set(run, hash)
  }
  return hash
}
