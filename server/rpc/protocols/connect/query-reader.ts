/** Reads the message of a GET request, which stands in its query. */
import { Buffer } from 'node:buffer'
import { Code, ConnectError } from '@connectrpc/connect'
import { isBase64 } from '../../../../wire/base64.ts'
import { type MessageReader, type ReaderOptions, tooLarge } from '../../../../wire/envelope-reader.ts'

/** Everything is there from the start: transports bound the length of a request target. */
export class QueryReader implements MessageReader {
  readonly receivedBytes = 0
  isAtEnd = false
  readonly #query: URLSearchParams
  readonly #options: ReaderOptions

  /** @param path the request target with its query */
  constructor(path: string, options: ReaderOptions) {
    this.#query = queryOf(path)
    this.#options = options
  }

  poll(): boolean {
    return true
  }

  pollOnly(): boolean {
    return true
  }

  take(): Uint8Array | Promise<Uint8Array> {
    this.isAtEnd = true
    const { compression, maxBytes } = this.#options
    const text = this.#query.get('message') ?? ''
    const data = this.#query.get('base64') === '1' ? decode(text) : Buffer.from(text)
    if (data.byteLength > maxBytes) throw tooLarge(data.byteLength, maxBytes)
    return compression === null ? data : compression.decompress(data, maxBytes)
  }
}

/** The query of a request target. */
export function queryOf(path: string): URLSearchParams {
  const mark = path.indexOf('?')
  return new URLSearchParams(mark < 0 ? '' : path.slice(mark + 1))
}

function decode(text: string): Buffer {
  if (!isBase64(text)) throw new ConnectError('message: the value is not base64', Code.InvalidArgument)
  return Buffer.from(text, 'base64')
}
