/** Reads the message of a GET request from its query. */
import { Buffer } from 'node:buffer'
import { Code, ConnectError } from '@connectrpc/connect'
import { isBase64 } from '../../../../wire/base64.ts'
import { inflateAndDecode, type MessageReader, type ReaderOptions, tooLarge } from '../../../../wire/envelope-reader.ts'

const ESCAPE = /%([0-9A-Fa-f]{2})/g

/** The message is complete from the start. Transports limit the length of the request target. */
export class QueryReader<M> implements MessageReader<M> {
  readonly receivedBytes = 0
  readonly isOwed = false
  isAtEnd = false
  readonly #path: string
  readonly #options: ReaderOptions<M>

  /** @param path the request target with its query */
  constructor(path: string, options: ReaderOptions<M>) {
    this.#path = path
    this.#options = options
  }

  poll(): boolean {
    return true
  }

  pollOnly(): boolean {
    return true
  }

  take(): M | Promise<M> {
    this.isAtEnd = true
    const { maxBytes } = this.#options
    const query = queryOf(this.#path)
    const data = query.get('base64') === '1' ? decodeBase64(query.get('message') ?? '') : messageOf(this.#path)
    if (data.byteLength > maxBytes) throw tooLarge(data.byteLength, maxBytes)
    return inflateAndDecode(data, this.#options)
  }
}

/** Returns the query of a request target. */
export function queryOf(path: string): URLSearchParams {
  const mark = path.indexOf('?')
  return new URLSearchParams(mark < 0 ? '' : path.slice(mark + 1))
}

/**
 * Returns the bytes of the message. It may be binary protobuf, which decoding the query as UTF-8 text would corrupt.
 */
function messageOf(path: string): Buffer {
  const parameters = path.slice(path.indexOf('?') + 1).split('&')
  const parameter = parameters.find((text) => new URLSearchParams(text).has('message')) ?? ''
  const mark = parameter.indexOf('=')
  const value = mark < 0 ? '' : parameter.slice(mark + 1)
  const octets = value
    .replaceAll('+', ' ')
    .replace(ESCAPE, (_escape, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)))
  return Buffer.from(octets, 'latin1')
}

function decodeBase64(text: string): Buffer {
  if (!isBase64(text)) throw new ConnectError('message: value is not valid base64', Code.InvalidArgument)
  return Buffer.from(text, 'base64')
}
