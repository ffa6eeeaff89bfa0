/** Binds requests in tests, without a server. */
import { type DescMethod, type JsonValue, type Message, type Registry, toJson } from '@bufbuild/protobuf'
import { Code, ConnectError } from '@connectrpc/connect'
import type { BinderSettings } from '../../server/rpc/protocols/rest/binding/binder-settings.ts'
import { type BindingSources, collectBindings } from '../../server/rpc/protocols/rest/binding/collect-bindings.ts'
import type { HttpBinding } from '../../server/rpc/protocols/rest/binding/http-binding.ts'
import { type HttpRules, readHttpRules } from '../../server/rpc/protocols/rest/binding/http-rules.ts'
import { RequestBinder } from '../../server/rpc/protocols/rest/binding/request-binder.ts'
import { resolveRestOptions } from '../../server/rpc/protocols/rest/resolve-rest-options.ts'
import type { RestOptions } from '../../server/rpc/protocols/rest/rest-options.ts'
import { KindService } from '../gen/kinds/v1/kinds_pb.js'

/** A request to bind. */
export interface BoundRequest {
  /** The path and the query. */
  readonly target: string
  /** JSON, or text as it is. Default: no body. */
  readonly body?: JsonValue | Uint8Array
  readonly options?: RestOptions
  /** Settings that are not options of REST. */
  readonly settings?: Partial<BinderSettings>
}

/** Returns the bindings of one method. */
export function bindingsOf(
  method: DescMethod,
  rules: HttpRules = [],
  sources: BindingSources = {},
): readonly HttpBinding[] {
  return collectBindings([method], { rules, ...sources }).get(method) ?? []
}

/** Returns the binding of a method that a rule from outside its proto makes. */
export function bindingFor(method: DescMethod, rule: object): HttpBinding {
  const selector = `${method.parent.typeName}.${method.name}`
  const [binding] = bindingsOf(method, readHttpRules([{ selector, ...rule }]))
  if (binding === undefined) throw new Error(`the rule binds nothing: ${JSON.stringify(rule)}`)
  return binding
}

/** Returns the request message. */
export function bindRequest(binding: HttpBinding, request: BoundRequest): Message {
  const { target, body, options, settings } = request
  const binder = new RequestBinder(binding, { ...resolveRestOptions(options), ...settings })
  const message = binder.decode(octetsOf(body))
  binder.bind(message, target)
  return message
}

/** Returns the JSON of the request message, in the names of the proto. */
export function boundJson(binding: HttpBinding, request: BoundRequest, registry?: Registry): JsonValue {
  const json = { useProtoFieldName: true, ...(registry === undefined ? {} : { registry }) }
  return toJson(binding.method.input, bindRequest(binding, request), json)
}

/** `GET /k`, which takes every kind of field as a parameter. */
export const GET_KINDS = bindingFor(KindService.method.get, { get: '/k' })

/** `POST /k`, which takes the same message as its body. */
export const POST_KINDS = bindingFor(KindService.method.post, { post: '/k', body: '*' })

/** Returns the JSON of the message that {@link GET_KINDS} makes of a query. */
export function kindsOf(query: string, options?: RestOptions): JsonValue {
  return boundJson(GET_KINDS, { target: `/k?${query}`, ...(options && { options }) })
}

/** Returns the text of the INVALID_ARGUMENT with which a request is refused. Throws if it is accepted. */
export function faultOf(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    if (error instanceof ConnectError && error.code === Code.InvalidArgument) return error.rawMessage
    throw error
  }
  throw new Error('the request was accepted')
}

function octetsOf(body: BoundRequest['body']): Uint8Array {
  if (body instanceof Uint8Array) return body
  return Buffer.from(body === undefined ? '' : JSON.stringify(body))
}
