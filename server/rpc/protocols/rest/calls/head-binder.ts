/** Applies the head of a request to its first message. */
import type { Message } from '@bufbuild/protobuf'
import type { ExchangeHead } from '../../../exchange/exchange.ts'
import type { FirstMessageBinder } from '../streams/json-stream-reader.ts'
import { formOf, type RestCodec } from './rest-codec.ts'

/** The content type of a raw body, the query, the path, and the event that the client saw last. */
export class HeadBinder implements FirstMessageBinder {
  readonly #head: ExchangeHead
  readonly #codec: RestCodec
  readonly #prefixChars: number

  /** @param prefixChars the length of what stands before the paths of bindings */
  constructor(head: ExchangeHead, codec: RestCodec, prefixChars: number) {
    this.#head = head
    this.#codec = codec
    this.#prefixChars = prefixChars
  }

  /** @throws ConnectError INVALID_ARGUMENT that names the parameter */
  bind(message: Message): void {
    const { operation, stream, readsForm } = this.#codec
    const { path } = this.#head
    const content = operation.contentOf(message)
    if (content !== undefined) content.contentType = this.#head.get('content-type') ?? ''
    const target = this.#prefixChars === 0 ? path : path.slice(this.#prefixChars)
    operation.binder.bind(message, readsForm ? withForm(target, formOf(message)) : target)
    if (stream?.name === 'sse') operation.events?.resume(message, this.#head.get('last-event-id'))
  }
}

/** The parameters of a form count as those of the query. */
function withForm(target: string, form: string): string {
  return form === '' ? target : `${target}${target.includes('?') ? '&' : '?'}${form}`
}
