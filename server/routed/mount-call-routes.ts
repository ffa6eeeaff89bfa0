/** Makes a Fastify route of each method, whose hooks run for its calls as for any request. */
import type { Readable } from 'node:stream'
import type {
  FastifyInstance,
  FastifyReply,
  FastifyRequest,
  HookHandlerDoneFunction,
  HTTPMethods,
  onErrorHookHandler,
  onSendHookHandler,
} from 'fastify'
import type { LaneRoute } from '../rpc/native-lane.ts'
import { CallRoute } from './call-route.ts'
import { serializeAnswer } from './foreign-error.ts'
import { type RoutedCall, routedCallOf } from './routed-call.ts'
import { addFirstHook, type HookFunction } from './scope-hooks.ts'

/** Fastify has no word for "never"; this is the longest time that a timer can have, 24 days. */
const LONGEST_TIMEOUT_MS = 2_147_483_647

/** Makes the call that a request starts, before any hook sees it. */
export type OpenCall = (route: CallRoute, request: FastifyRequest, reply: FastifyReply) => RoutedCall

/** What the routes are made of. */
export interface CallRoutesInit {
  readonly routes: readonly LaneRoute[]
  /** Verbs besides those of calls for which the routes answer, so that callers are told what is wrong. */
  readonly otherVerbs: readonly HTTPMethods[]
  readonly openCall: OpenCall
}

/** Routes that were made. */
export interface CallRoutes {
  readonly routes: readonly CallRoute[]
  /** Functions of ours among the hooks of the routes. */
  readonly own: ReadonlySet<HookFunction>
}

/** Adds the routes to a scope, which must be theirs alone: it reads no bodies, whatever their type and length. */
export function mountCallRoutes(scope: FastifyInstance, init: CallRoutesInit): CallRoutes {
  const { routes: given, otherVerbs, openCall } = init
  const routes = new Map<string, CallRoute>()
  function onRequestCall(request: FastifyRequest, reply: FastifyReply, done: HookHandlerDoneFunction): void {
    const route = routes.get(pathOf(request)) ?? routes.get(patternOf(request))
    if (route === undefined || openCall(route, request, reply).isWaiting) done()
  }
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser('*', keepBody)
  addFirstHook(scope, onRequestCall)
  scope.addHook('onRoute', (options) => {
    const path = scope.prefix + options.routePath
    if (!routes.has(path)) routes.set(path, new CallRoute(path, options))
  })
  const { handlerTimeout = 0 } = scope.initialConfig as { readonly handlerTimeout?: number }
  for (const { path, verbs } of given) {
    scope.route({
      method: [...verbs, ...otherVerbs.filter((other) => !verbs.some((verb) => verb === other))],
      url: path,
      handler: handleCall,
      onError: [noteError],
      onSend: [passOnSend],
      schema: { hide: true, response: { default: {} } },
      serializerCompiler: () => serializeAnswer,
      exposeHeadRoute: false,
      ...(handlerTimeout > 0 ? { handlerTimeout: LONGEST_TIMEOUT_MS } : {}),
    })
  }
  return {
    routes: [...routes.values()],
    own: new Set<HookFunction>([onRequestCall, noteError, passOnSend, handleCall]),
  }
}

/** Stands in for parsers of bodies: who reads this one is the call. */
function keepBody(request: FastifyRequest, body: Readable, done: (error: null) => void): void {
  const call = routedCallOf(request)
  if (call !== undefined) call.body = body
  done(null)
}

/** The path only looked like that of a method: it is nobody's. */
function handleCall(request: FastifyRequest, reply: FastifyReply): FastifyReply | undefined {
  const call = routedCallOf(request)
  if (call === undefined) {
    reply.callNotFound()
    return reply
  }
  return call.start()
}

/** Runs before the error handlers of the app, which then answer. */
const noteError: onErrorHookHandler = (request, _reply, error, done) => {
  routedCallOf(request)?.onHookError(error)
  done()
}

const passOnSend: onSendHookHandler = (request, _reply, payload, done) => {
  const call = routedCallOf(request)
  if (call === undefined || call.passOnSend(payload)) done(null, payload)
}

/** Paths are compared as they came: what only Fastify's router finds the same, as another case, is not the path of a method. */
function pathOf({ raw: { url = '' } }: FastifyRequest): string {
  const mark = url.indexOf('?')
  return mark < 0 ? url : url.slice(0, mark)
}

/** Where a protocol has patterns of its own, it compares itself. */
function patternOf({ routeOptions: { url = '' } }: FastifyRequest): string {
  return /[:*]/.test(url) ? url : ''
}
