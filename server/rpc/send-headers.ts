/** Sends the headers of a response before its first message. */
import { type ContextKey, createContextKey, type HandlerContext } from '@connectrpc/connect'

/** A call that can send its response headers early. */
export interface HeaderSender {
  /** As {@link sendHeaders}. */
  sendHeaders(): boolean
}

/** The call that a context belongs to, on the native lane. */
export const headerSenderKey: ContextKey<HeaderSender | undefined> = createContextKey<HeaderSender | undefined>(
  undefined,
  { description: 'portico: sends the response headers of the call' },
)

/**
 * Sends the response headers of a call now, so that the client has them before the first message. Otherwise they leave together. Headers
 * that are set after it throw, and a failure is no longer a Trailers-Only response, so that clients do not retry the call.
 *
 *     async function* watch(request, context) {
 *       context.responseHeader.set('x-region', 'north')
 *       sendHeaders(context)
 *       yield* changes(request)
 *     }
 *
 * @returns whether the headers were sent, now or earlier; false on the reference lane, and where a protocol has them with the message
 *   (unary calls of Connect, and responses of REST that are not streams of JSON)
 */
export function sendHeaders({ values }: HandlerContext): boolean {
  return values.get(headerSenderKey)?.sendHeaders() ?? false
}

function refuseChange(): never {
  throw new Error('the response headers were sent already: set them before sendHeaders')
}

const REFUSED: PropertyDescriptorMap = Object.fromEntries(
  ['append', 'delete', 'set'].map((name) => [name, { value: refuseChange }]),
)

/** Lets all further changes of headers that were sent throw. */
export function sealHeaders(headers: Headers): Headers {
  return Object.isFrozen(headers) || Object.hasOwn(headers, 'set') ? headers : Object.defineProperties(headers, REFUSED)
}
