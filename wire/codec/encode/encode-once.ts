/** Messages that are sent to many calls, and encoded once for each format. */
import type { Message } from '@bufbuild/protobuf'
import type { EncodedMessage } from './message-encoder.ts'

/** The key of the encodings in a message: not enumerable, so that neither codecs nor copies of the message see it. */
const ENCODINGS = Symbol('encodings')

/** The encodings of a message by codec, which remember none of the calls that they were sent to. */
export type Encodings = Map<object, EncodedMessage>

/**
 * Marks a message that goes to many calls, such as those of a topic's subscribers: each format encodes it when it is first sent, and
 * later calls send the same octets. Returns the message itself, which is frozen: neither handlers nor interceptors may change it, or
 * anything in it, from then on. Its copies are ordinary messages. The octets stay as long as the message: do not mark what is kept.
 *
 *     const message = encodeOnce(create(QuoteSchema, { symbol, price }))
 *     for (const subscriber of subscribers) subscriber.push(message)
 *
 * @param message a complete message, as `create` returns it
 * @throws TypeError for anything else, such as the fields of a message
 */
export function encodeOnce<M extends Message>(message: M): M {
  if (typeof message?.$typeName !== 'string')
    throw new TypeError('encodeOnce needs a message that create() has returned')
  if (encodingsOf(message) === undefined) Object.defineProperty(message, ENCODINGS, { value: new Map() })
  return Object.freeze(message)
}

/** Returns where the encodings of a message are remembered; undefined unless it was marked. */
export function encodingsOf(message: Message): Encodings | undefined {
  return (message as { readonly [ENCODINGS]?: Encodings })[ENCODINGS]
}
