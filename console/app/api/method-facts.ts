/** What the options of a method say to its callers: REST routes, who may call, and whether a call can be repeated. */
import type { DescMethod, Registry } from '@bufbuild/protobuf'
import { isReflectMessage, type ReflectMessage } from '@bufbuild/protobuf/reflect'
import { MethodOptions_IdempotencyLevel as Idempotency } from '@bufbuild/protobuf/wkt'
import { optionMessage } from './options.ts'
import { fieldOf, listOf, messageOf, textOf } from './reflected.ts'

/** A route of `google.api.http`. */
export interface HttpRoute {
  /** Such as `GET`. */
  readonly verb: string
  readonly path: string
  /** The field of the request that is the body; `*` for all that are not in the path. Empty for none. */
  readonly body: string
}

/** Who may call, by the options of Portico. */
export interface AuthNeed {
  readonly requirement: 'required' | 'optional' | 'none'
  readonly scopes: readonly string[]
  readonly schemes: readonly string[]
}

const VERBS = ['get', 'put', 'post', 'delete', 'patch'] as const

/** Returns the routes of a method. */
export function httpRoutes(method: DescMethod, registry: Registry): HttpRoute[] {
  const rule = optionMessage(method, 'google.api.http', registry)
  return [rule, ...listOf(rule, 'additional_bindings')].filter((each) => isReflectMessage(each)).flatMap(routeOf)
}

function routeOf(rule: ReflectMessage): HttpRoute[] {
  const body = textOf(rule, 'body')
  const custom = messageOf(rule, 'custom')
  if (custom !== undefined) return [{ verb: textOf(custom, 'kind').toUpperCase(), path: textOf(custom, 'path'), body }]
  const verb = VERBS.find((each) => textOf(rule, each) !== '')
  return verb === undefined ? [] : [{ verb: verb.toUpperCase(), path: textOf(rule, verb), body }]
}

/** The numbers of `portico.options.v1.Auth.Requirement`. */
const REQUIREMENTS = ['required', 'required', 'optional', 'none'] as const

/** Returns who may call a method; undefined if neither it nor its service says so. */
export function authNeed(method: DescMethod, registry: Registry): AuthNeed | undefined {
  const own = messageOf(optionMessage(method, 'portico.options.v1.method', registry), 'auth')
  const auth = own ?? messageOf(optionMessage(method.parent, 'portico.options.v1.service', registry), 'auth')
  if (auth === undefined) return undefined
  const requirement = fieldOf(auth, 'requirement')
  return {
    requirement: REQUIREMENTS[typeof requirement === 'number' ? requirement : 0] ?? 'required',
    scopes: listOf(auth, 'scopes').map(String),
    schemes: listOf(auth, 'schemes').map(String),
  }
}

/** Returns what a method promises about repeated calls; empty if nothing. */
export function idempotencyOf(method: DescMethod): 'no side effects' | 'idempotent' | '' {
  if (method.idempotency === Idempotency.NO_SIDE_EFFECTS) return 'no side effects'
  return method.idempotency === Idempotency.IDEMPOTENT ? 'idempotent' : ''
}
