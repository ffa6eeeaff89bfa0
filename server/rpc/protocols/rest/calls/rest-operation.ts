/** A binding with all that its calls use, prepared at start-up. */
import type { DescField, DescMessage, Message } from '@bufbuild/protobuf'
import { reflect } from '@bufbuild/protobuf/reflect'
import type { HttpBody } from '../../../../../gen/google/api/httpbody_pb.js'
import type { ServedMethod } from '../../server-protocol.ts'
import { sendsStream, takesStream } from '../binding/check-rule.ts'
import type { HttpBinding } from '../binding/http-binding.ts'
import { RequestBinder } from '../binding/request-binder.ts'
import { isHttpBody } from '../response/http-body.ts'
import { ResponseJson } from '../response/response-json.ts'
import type { RestSettings } from '../rest-options.ts'
import { eventsOf, type MethodEvents } from '../streams/method-events.ts'

type MessageField = DescField & { readonly fieldKind: 'message' }

/** One way to call a method. */
export class RestOperation {
  readonly entry: ServedMethod
  readonly binding: HttpBinding
  readonly binder: RequestBinder
  readonly response: ResponseJson
  /** How the messages of a server stream become events; null if the method does not say so. */
  readonly events: MethodEvents | null
  /** Whether the body of requests is `google.api.HttpBody`: octets of any content type. */
  readonly readsRaw: boolean
  /** Whether the body of responses is. */
  readonly writesRaw: boolean

  constructor(entry: ServedMethod, binding: HttpBinding, settings: RestSettings) {
    const { json, decodeBudgetBytes, kind } = entry.codecOptions
    const { output } = entry.method
    const { responseBody } = binding
    const budget = decodeBudgetBytes === undefined ? {} : { decodeBudgetBytes }
    this.entry = entry
    this.events = eventsOf(binding)
    this.binding = binding
    this.binder = new RequestBinder(binding, { ...settings, json, kind, ...budget })
    this.response = new ResponseJson(output, responseBody, { settings, registry: json.registry, kind })
    this.readsRaw = this.binder.isRaw
    this.writesRaw = isHttpBody(typeOf(output, responseBody))
  }

  /** Whether requests and responses are single messages, and responses JSON, so that they can be compressed as a whole. */
  get isPlain(): boolean {
    return this.entry.kind === 'unary' && !this.writesRaw
  }

  /** Whether requests are streams of JSON or octets. */
  get readsStream(): boolean {
    return takesStream(this.entry.method)
  }

  /** Whether responses are streams of JSON. */
  get writesStream(): boolean {
    return sendsStream(this.entry.method) && !this.writesRaw
  }

  /** Returns the `google.api.HttpBody` of a request; undefined if the body of requests is JSON. */
  contentOf(request: Message): HttpBody | undefined {
    if (!this.readsRaw) return undefined
    const field = this.binding.body as MessageField | '*'
    const content = field === '*' ? request : reflect(this.entry.method.input, request).get(field).message
    return content as HttpBody
  }

  /** Returns the `google.api.HttpBody` of a response; undefined for none. */
  bodyOf(response: Message): Message | undefined {
    const field = this.binding.responseBody as MessageField | null
    if (field === null) return response
    const whole = reflect(this.entry.method.output, response)
    return whole.isSet(field) ? whole.get(field).message : undefined
  }
}

function typeOf(whole: DescMessage, field: DescField | null): DescMessage | undefined {
  if (field === null) return whole
  return field.fieldKind === 'message' ? field.message : undefined
}
