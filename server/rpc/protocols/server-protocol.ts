/** What differs between gRPC, gRPC-Web and Connect: framing, headers and status. */
import type { Message } from '@bufbuild/protobuf'
import type { ConnectError } from '@connectrpc/connect'
import type { MessageReader, ReaderOptions } from '../../../wire/envelope-reader.ts'
import type { EncodableField } from '../../../wire/http2/http2.ts'
import type { CodecName, MessageCodec } from '../../../wire/message-codec.ts'
import type { Exchange } from '../exchange/exchange.ts'
import type { ResponseBlock } from '../exchange/response-block.ts'
import type { MethodEntry } from '../method-table.ts'

/** What a protocol reads and answers a call by. Shared by calls whose heads are alike. */
export interface ProtocolPlan {
  readonly entry: MethodEntry
  readonly protocol: ServerProtocol
  readonly codec: MessageCodec
  /** How messages of the client are read. */
  readonly reading: ReaderOptions<Message>
  /** What every response begins with, whatever its content: CORS, caching. */
  readonly baseFields: readonly EncodableField[]
  /** The head of a success to which the service adds nothing. */
  readonly head: ResponseBlock
  /** The same where the body as a whole is compressed; differs from `head` in Connect's unary calls. */
  readonly compressedHead: ResponseBlock
}

/** A call as a protocol sees it when it answers. */
export interface Answer {
  readonly exchange: Exchange
  readonly plan: ProtocolPlan
  /** What the service has set; undefined where it never asked for them. */
  readonly responseHeaderIfSet: Headers | undefined
  readonly responseTrailerIfSet: Headers | undefined
}

/**
 * One protocol. It has no state of its own: one object serves all calls. Every method that answers may throw a TypeError
 * for metadata that cannot be sent, or HeaderListTooLargeError; nothing of the block in question has been sent then.
 */
export interface ServerProtocol {
  /** As services see it in their context. */
  readonly name: 'grpc' | 'grpc-web' | 'connect'
  /** The header in which the client states its deadline, and what it says; undefined for nonsense. */
  readonly timeoutHeader: string
  parseTimeout(value: string): number | undefined
  /** The header that names the encoding of messages, in both directions. */
  readonly encodingHeader: string
  /** The header that lists what the peer can inflate. */
  readonly acceptEncodingHeader: string
  /** Messages are compressed one by one; else the body is, as a whole, and the head says so only then. */
  readonly compressesMessages: boolean
  /** The content type of responses. */
  contentType(codec: CodecName): string
  /** The reader of a request's messages. */
  createReader(exchange: Exchange, plan: ProtocolPlan): MessageReader<Message>
  /** Answers with the one message, encoded and compressed or not: all there is. Returns the octets of the body. */
  reply(answer: Answer, message: Uint8Array, isCompressed: boolean): number
  /** Begins a response of many messages. */
  begin(answer: Answer): void
  /** Writes one of them. False: wait for `onWritable`. */
  write(exchange: Exchange, message: Uint8Array, isCompressed: boolean): boolean
  /** Ends a response that was begun. */
  end(answer: Answer, error: ConnectError | null): void
  /** Answers with an error, where nothing was sent before. */
  fail(answer: Answer, error: ConnectError): void
}

/** The fields of a success: what all have, and what this protocol adds. */
export function successFields(
  protocol: ServerProtocol,
  { codec, baseFields, encoding }: { codec: CodecName; baseFields: readonly EncodableField[]; encoding?: string },
): EncodableField[] {
  const fields = [{ name: 'content-type', value: protocol.contentType(codec) }, ...baseFields]
  if (encoding !== undefined) fields.push({ name: protocol.encodingHeader, value: encoding })
  return fields
}
