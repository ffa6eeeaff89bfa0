/** Limits middleware to some of the methods of a server. */
import type { DescMethod } from '@bufbuild/protobuf'
import type { CallObserver } from '../../wire/call-observer.ts'
import { checkOptions, type OptionKinds, type OptionShape } from '../../wire/options/check-options.ts'
import type { Middleware } from '../rpc/middleware.ts'

/** Methods, by their names and kinds. All that is given must match; of a list, one entry. */
export interface MethodSelector {
  /** Full names of services, `shop.v1.OrderService`, or their beginnings with a star: `shop.v1.*`. Default: all. */
  readonly service?: string | readonly string[]
  /** Names of methods, `GetOrder`, or their beginnings with a star: `Get*`. Default: all. */
  readonly method?: string | readonly string[]
  /** Kinds of methods. Default: all. */
  readonly kind?: MethodKind | readonly MethodKind[]
}

type MethodKind = DescMethod['methodKind']

/** Which methods: a selector, or a function that is asked once per method at start-up. */
export type MethodChoice = MethodSelector | ((method: DescMethod) => boolean)

const KINDS: readonly MethodKind[] = ['unary', 'server_streaming', 'client_streaming', 'bidi_streaming']

const SHAPE: OptionShape = {
  kinds: {
    service: ['string', 'array'],
    method: ['string', 'array'],
    kind: ['string', 'array'],
  } satisfies OptionKinds<MethodSelector>,
}

/**
 * Limits middleware to the methods that are chosen.
 *
 *     select({ service: 'shop.v1.*', kind: 'unary' }, rateLimit({ ... }))
 *
 * @throws RangeError for a selector that is not valid; at start-up, for a name that matches nothing, which may be misspelt
 */
export function select(choice: MethodChoice, middleware: Middleware): Middleware {
  const { matches, unusedIn } = compile('select', choice)
  return limit(middleware, matches, unusedIn)
}

/**
 * Limits middleware to the methods that are not chosen.
 *
 *     except({ service: 'grpc.health.v1.Health' }, authenticate({ ... }))
 *
 * @throws as `select`
 */
export function except(choice: MethodChoice, middleware: Middleware): Middleware {
  const { matches, unusedIn } = compile('except', choice)
  return limit(middleware, (method) => !matches(method), unusedIn)
}

function limit(
  middleware: Middleware,
  matches: (method: DescMethod) => boolean,
  unusedIn: (methods: readonly DescMethod[]) => string | undefined,
): Middleware {
  const { observer } = middleware
  return {
    ...middleware,
    appliesTo: (method) => matches(method) && (middleware.appliesTo?.(method) ?? true),
    ...(observer !== undefined && { observer: observeOnly(observer, matches) }),
    prepare(server) {
      const fault = unusedIn(server.methods)
      if (fault !== undefined) throw new RangeError(`${middleware.name}: ${fault}`)
      return middleware.prepare?.({ ...server, methods: server.methods.filter(matches) })
    },
  }
}

function observeOnly(observer: CallObserver, matches: (method: DescMethod) => boolean): CallObserver {
  return {
    onStart: (call) => (call.method !== undefined && matches(call.method) ? observer.onStart(call) : null),
  }
}

interface CompiledChoice {
  matches(method: DescMethod): boolean
  /** Returns what is wrong if a name of the selector matches none of the methods. */
  unusedIn(methods: readonly DescMethod[]): string | undefined
}

function compile(owner: string, choice: MethodChoice): CompiledChoice {
  if (typeof choice === 'function') return { matches: choice, unusedIn: () => undefined }
  checkOptions(owner, choice, SHAPE)
  const services = listOf(choice.service)
  const names = listOf(choice.method)
  const kinds = listOf(choice.kind)
  const unknown = kinds.find((kind) => !KINDS.includes(kind as MethodKind))
  if (unknown !== undefined)
    throw new RangeError(`${owner}: kind is "${unknown}": it must be one of ${KINDS.join(', ')}`)
  if (services.length + names.length + kinds.length === 0)
    throw new RangeError(`${owner}: it chooses all methods: name some`)
  return {
    matches: (method) =>
      fits(services, method.parent.typeName) && fits(names, method.name) && fits(kinds, method.methodKind),
    unusedIn(methods) {
      const noService = services.find((name) => !methods.some(({ parent }) => isMatch(name, parent.typeName)))
      if (noService !== undefined) return `no service is called ${noService}`
      const inServices = methods.filter(({ parent }) => fits(services, parent.typeName))
      const noMethod = names.find((name) => !inServices.some((method) => isMatch(name, method.name)))
      return noMethod === undefined ? undefined : `no method is called ${noMethod}`
    },
  }
}

function listOf(names: string | readonly string[] | undefined): readonly string[] {
  if (names === undefined) return []
  return typeof names === 'string' ? [names] : names
}

function fits(patterns: readonly string[], name: string): boolean {
  return patterns.length === 0 || patterns.some((pattern) => isMatch(pattern, name))
}

function isMatch(pattern: string, name: string): boolean {
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern
}
