/** Reads the messages of a request stream that is JSON: values one after the other, or the elements of one array. */
import type { Message } from '@bufbuild/protobuf'
import { Code, ConnectError } from '@connectrpc/connect'
import type { ByteSource } from '../../../../../wire/byte-source.ts'
import { type MessageDecoder, type MessageReader, tooLarge } from '../../../../../wire/envelope-reader.ts'
import { JsonValueScan, mayBeginValue, type ScanStep } from './json-value-scan.ts'

/** Applies what a request has outside of its body. */
export interface FirstMessageBinder {
  /**
   * Sets fields of the message.
   *
   * @throws ConnectError INVALID_ARGUMENT that names what is invalid
   */
  bind(message: Message): void
}

/** Options of a reader. */
export interface JsonStreamOptions {
  /** Maximum octets of a message. */
  readonly maxBytes: number
  readonly decoder: MessageDecoder<Message>
  /** Applied to the first message only, as all messages would repeat it otherwise. */
  readonly binder: FirstMessageBinder
  /**
   * Whether the body has a message per line (`application/x-ndjson`), so that a line that ends within a message is an error at once.
   * Otherwise it may be an array too, which its first octet tells.
   */
  readonly isLines: boolean
}

/**
 * What is expected next between two messages. An array moves from `element` or its end over `comma` to `nextElement`; after it only the
 * end of the body may follow.
 */
type Expected = 'body' | 'value' | 'element' | 'comma' | 'nextElement' | 'nothing'

const TAB = 0x09
const LINE_FEED = 0x0a
const CARRIAGE_RETURN = 0x0d
const SPACE = 0x20
const COMMA = 0x2c
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d

/**
 * Scans each octet once, whatever the chunks of the body, and leaves them in the transport until their message is complete. White space
 * may stand before, between and after the messages; an empty body is a stream without messages.
 */
export class JsonStreamReader implements MessageReader<Message> {
  receivedBytes = 0
  isAtEnd = false
  isOwed = false
  readonly #source: ByteSource
  readonly #options: JsonStreamOptions
  readonly #scan = new JsonValueScan()
  #expected: Expected
  /** Octets of the message in the source that were scanned; 0 between messages. */
  #scanned = 0
  /** Octets of a complete message; 0 while there is none. */
  #length = 0
  /** Messages that were taken. */
  #taken = 0

  constructor(source: ByteSource, options: JsonStreamOptions) {
    this.#source = source
    this.#options = options
    this.#expected = options.isLines ? 'value' : 'body'
  }

  poll(): boolean {
    this.isOwed = false
    while (this.#length === 0 && !this.isAtEnd) {
      const hasMoved = this.#scanned === 0 ? this.#passOctet() : this.#scanMessage()
      if (!hasMoved) return false
    }
    return true
  }

  /** As `poll`: a call with a single message is not a stream of JSON. */
  pollOnly(): boolean {
    return this.poll()
  }

  take(): Message {
    const data = this.#source.read(this.#length)
    this.receivedBytes += this.#length
    this.#length = 0
    this.#scanned = 0
    this.#taken++
    try {
      const message = this.#options.decoder.decode(data)
      if (this.#taken === 1) this.#options.binder.bind(message)
      return message
    } catch (thrown) {
      throw thrown instanceof ConnectError ? inMessage(this.#taken, thrown) : thrown
    }
  }

  /** Passes the white space before the next octet that means something, and that octet. Returns false if there is none yet. */
  #passOctet(): boolean {
    this.#passSpace()
    if (this.#source.readableBytes === 0) return this.#isEnded()
    const octet = this.#source.byteAt(0)
    const next = this.#afterPunctuation(octet)
    if (next !== undefined) {
      this.#expected = next
      this.#pass(1)
    } else {
      if (!this.#mayBegin(octet)) throw this.#unexpected(octet)
      this.#scanned = 1
      this.#note(this.#scan.begin(octet))
    }
    return true
  }

  /** Returns what is expected after an octet of the array itself; undefined if the octet is not part of it. */
  #afterPunctuation(octet: number): Expected | undefined {
    const expected = this.#expected
    if (expected === 'body') return octet === OPEN_BRACKET ? 'element' : undefined
    if (octet === COMMA && expected === 'comma') return 'nextElement'
    if (octet === CLOSE_BRACKET && (expected === 'comma' || expected === 'element')) return 'nothing'
    return undefined
  }

  #mayBegin(octet: number): boolean {
    return this.#expected !== 'comma' && this.#expected !== 'nothing' && mayBeginValue(octet)
  }

  /** Scans the message in the source as far as it has arrived. Returns false if the rest is missing. */
  #scanMessage(): boolean {
    const source = this.#source
    const { maxBytes, isLines } = this.#options
    const available = Math.min(source.readableBytes, maxBytes + 1)
    while (this.#scanned < available) {
      const octet = source.byteAt(this.#scanned++)
      if (this.#note(this.#scan.next(octet))) return true
      if (isLines && octet === LINE_FEED) throw this.#fault('the line ends within the message')
    }
    if (this.#scanned > maxBytes) throw inMessage(this.#taken + 1, tooLarge(this.#scanned, maxBytes))
    if (source.want(this.#scanned + 1)) return this.#endWithin()
    this.isOwed = true
    return false
  }

  /** Notes what an octet means for the message. Returns true if the message is complete. */
  #note(step: ScanStep): boolean {
    if (step === 'within') return false
    if (step === 'invalid') throw this.#fault('a control character in a string, such as a line break, must be escaped')
    this.#complete(step === 'last' ? this.#scanned : this.#scanned - 1)
    return true
  }

  #complete(length: number): void {
    const { maxBytes } = this.#options
    if (length > maxBytes) throw inMessage(this.#taken + 1, tooLarge(length, maxBytes))
    this.#length = length
    this.#expected = this.#expected === 'element' || this.#expected === 'nextElement' ? 'comma' : 'value'
  }

  /** The body is complete, or more has arrived. Only a number or a word ends with the body. */
  #endWithin(): boolean {
    if (this.#source.readableBytes > this.#scanned) return true
    const step = this.#scan.next(LINE_FEED)
    if (step !== 'after' || this.#expected === 'element' || this.#expected === 'nextElement') {
      throw this.#fault('the body ends within the message')
    }
    this.#complete(this.#scanned)
    return true
  }

  /** Returns whether the body has ended between messages. After an array the peer owes that. */
  #isEnded(): boolean {
    if (!this.#source.want(1)) {
      this.isOwed = this.#expected === 'nothing'
      return false
    }
    if (this.#source.readableBytes > 0) return true
    if (this.#expected === 'element' || this.#expected === 'comma' || this.#expected === 'nextElement') {
      throw new ConnectError('the body ends within the JSON array', Code.InvalidArgument)
    }
    this.isAtEnd = true
    return true
  }

  #passSpace(): void {
    const source = this.#source
    let count = 0
    while (count < source.readableBytes && isSpace(source.byteAt(count))) count++
    if (count > 0) this.#pass(count)
  }

  #pass(bytes: number): void {
    this.#source.read(bytes)
    this.receivedBytes += bytes
  }

  #unexpected(octet: number): ConnectError {
    const seen = octet > SPACE && octet < 0x7f ? `"${String.fromCharCode(octet)}"` : `octet 0x${octet.toString(16)}`
    if (this.#expected === 'nothing') {
      return new ConnectError(`unexpected ${seen} after the JSON array`, Code.InvalidArgument)
    }
    const needed = this.#expected === 'comma' ? '"," or "]"' : 'a JSON value'
    return this.#fault(`unexpected ${seen}, needs ${needed}`)
  }

  #fault(text: string): ConnectError {
    return inMessage(this.#taken + 1, new ConnectError(text, Code.InvalidArgument))
  }
}

function isSpace(octet: number): boolean {
  return octet === SPACE || octet === LINE_FEED || octet === CARRIAGE_RETURN || octet === TAB
}

/** Says in which message of the stream an error is. The first has the number 1. */
function inMessage(number: number, { rawMessage, code, metadata, details, cause }: ConnectError): ConnectError {
  const error = new ConnectError(`message ${number}: ${rawMessage}`, code, metadata, undefined, cause)
  error.details.push(...details)
  return error
}
