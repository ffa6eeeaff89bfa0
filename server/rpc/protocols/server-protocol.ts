/** What differs between protocols: reading heads, framing messages, encoding responses and errors. */
import type { DescMethod, Message } from '@bufbuild/protobuf'
import type { ConnectError } from '@connectrpc/connect'
import type { EncodedMessage } from '../../../wire/codec/encode/message-encoder.ts'
import type { MessageReader, ReaderOptions } from '../../../wire/envelope-reader.ts'
import type { EncodableField } from '../../../wire/http2/http2.ts'
import type { CodecOptions, MessageCodec, MessageCodecs } from '../../../wire/message-codec.ts'
import type { CallHead, HeadSource } from '../exchange/call-head.ts'
import type { CallerProtocol } from '../exchange/caller-protocol.ts'
import type { Exchange } from '../exchange/exchange.ts'
import type { ResponseBlock } from '../exchange/response-block.ts'

/** A method as protocols see it. */
export interface ServedMethod {
  /** `/package.Service/Method`, without the prefix of the lane. */
  readonly path: string
  readonly method: DescMethod
  readonly kind: DescMethod['methodKind']
  readonly codecs: MessageCodecs
  /** What the codecs were made with, for protocols that have codecs of their own. */
  readonly codecOptions: CodecOptions
  /** Whether the method is marked NO_SIDE_EFFECTS, so that GET is allowed. */
  readonly isSafe: boolean
  /** Whether Connect calls must state the protocol version. */
  readonly requiresConnectVersion: boolean
}

/** What a protocol reads from the head of a call. */
export interface HeadReading {
  /** The codec of the messages: one of the method's, or one that the protocol keeps for the method. */
  readonly codec: MessageCodec
  /** The encoding of the request as the head names it; undefined for none. */
  readonly encoding: string | undefined
  /** A fault to be sent as the error of the call; null for none. */
  readonly error: ConnectError | null
}

/** What a protocol needs to read a call and to answer it. Shared by calls with similar heads. */
export interface ProtocolPlan {
  readonly entry: ServedMethod
  readonly protocol: ServerProtocol
  /** The route of the calls, as observers see it; undefined for the path of the method itself. */
  readonly route: string | undefined
  readonly codec: MessageCodec
  /** How request messages are read. */
  readonly reading: ReaderOptions<Message>
  /** The fields that every response begins with: CORS, caching. */
  readonly baseFields: readonly EncodableField[]
  /** The head of a success, without headers of the service. */
  readonly head: ResponseBlock
  /** The same for a compressed body. Differs from `head` only in protocols that compress the body as a whole. */
  readonly compressedHead: ResponseBlock
}

/** A call as a protocol sees it when it responds. */
export interface Answer {
  readonly exchange: Exchange
  readonly plan: ProtocolPlan
  /** The result of `createReader` for this call. A protocol may keep state of the request in it. */
  readonly reader: MessageReader<Message>
  /** What the service has set; undefined if it has never accessed it. */
  readonly responseHeaderIfSet: Headers | undefined
  readonly responseTrailerIfSet: Headers | undefined
  /** Returns the head of a success: that of the plan, with the headers of the service. */
  successHead(isBodyCompressed?: boolean): ResponseBlock
}

/** How a protocol compresses. */
export interface ProtocolCompression {
  /** The header that names the encoding, in both directions. */
  readonly header: string
  /** The header that lists the encodings a peer accepts. */
  readonly acceptHeader: string
  /**
   * Whether each message is compressed by itself. Otherwise the whole body is, and the head names the encoding only
   * then.
   */
  readonly isByMessage: boolean
}

/** What a protocol sends into a response stream that has nothing to say, so that proxies and clients see that it is alive. */
export interface ProtocolHeartbeat {
  /** Returns the longest silence in milliseconds; 0 if calls with this plan have no heartbeat. */
  intervalMsOf(plan: ProtocolPlan): number
  /** Sends a heartbeat. Returns false if the caller should wait for `onWritable`. */
  beat(answer: Answer): boolean
}

/** A route of one protocol that leads to a method. */
export interface ProtocolRoute {
  /**
   * In the syntax of Fastify, such as `/v1/users/:id`, without the prefix of the lane. Fastify's hooks run for these
   * calls too.
   */
  readonly url: string
  /** The HTTP methods that it accepts. A request with another one is refused with 405, and these in `allow`. */
  readonly verbs: readonly string[]
  readonly method: ServedMethod
  /** The path with its variables, such as `/v1/{name=users/*}`, for observers. Default: `url`. */
  readonly template?: string
  /** The protocol of its calls. Default: the one that has created the route. */
  readonly protocol?: ServerProtocol
}

/** The routes of a protocol that names methods in its own way. */
export interface ProtocolRoutes {
  readonly all: readonly ProtocolRoute[]
  /**
   * Returns the route that a request matches; undefined if there is none. For a path that has routes, but none for the HTTP method of
   * the request, a route whose `verbs` are all that the path accepts. `head.path` is without the prefix of the lane.
   */
  find(head: HeadSource): ProtocolRoute | undefined
}

/**
 * A protocol. Each folder of `protocols/` exports such an object, and a list of them is tried in order. Stateless: one
 * object serves all calls. Every method that sends something may throw a TypeError for metadata that cannot be encoded,
 * or HeaderListTooLargeError, before any part of that block is sent.
 */
export interface ServerProtocol extends CallerProtocol {
  /** The option of the plugin and of services that turns the protocol off: `grpc`, `grpcWeb`, `connect`. */
  readonly option: string
  /** The bytes that framing adds to a message, for observers. */
  readonly overheadBytes: number
  /** How messages are compressed; null if they never are. */
  readonly compression: ProtocolCompression | null
  /** Returns whether methods of this kind can be called. Called once per method at start-up. */
  carries(kind: ServedMethod['kind']): boolean
  /**
   * Whether bidirectional streams can be called over HTTP/1.1, where clients send all requests before they read responses. Default: false.
   */
  readonly isHalfDuplex?: boolean
  /** Returns the HTTP methods by which a method can be called. */
  verbsOf(entry: ServedMethod): readonly string[]
  /** The content types of requests, listed in refusals. */
  readonly contentTypes: readonly string[]
  /**
   * Creates the routes of the protocol from the methods that it carries. Called once at start-up. Undefined: methods
   * are named by their path only.
   *
   * @param prefix the prefix of the lane, which the paths of requests have; empty for none
   */
  createRoutes?(methods: readonly ServedMethod[], prefix: string): ProtocolRoutes
  /**
   * Reads the head of a request for a method that the protocol carries, with one of the method's HTTP methods.
   *
   * @param route the protocol route that matched; null for the method's own path
   * @returns null if the request is in another protocol; a string that says what is missing if it is in this one but
   *   invalid
   */
  read(head: CallHead, entry: ServedMethod, route: ProtocolRoute | null): HeadReading | string | null
  /**
   * Maps the lower-case name of a request header to those under which services see it; null for none. Undefined: services see all headers
   * under their names.
   */
  readonly requestHeader?: ((name: string) => string | readonly string[] | null) | undefined
  /** Returns the content type of responses with this codec. */
  contentType(codec: string): string
  /**
   * Whether `read` depends only on the method, the path and fields that are not volatile (`HeadKind`), so that heads of one kind
   * share a plan. Default: false.
   */
  readonly plansByKind?: boolean
  /** Creates the reader of the request messages. */
  createReader(exchange: Exchange, plan: ProtocolPlan): MessageReader<Message>
  /** Sends a complete response with one message, and returns the number of body bytes. */
  reply(answer: Answer, message: Uint8Array, isCompressed: boolean): number
  /**
   * As `reply`, for a message that is not compressed, whose octets may be reused afterwards. Undefined, here or for `writeEncoded`:
   * messages are passed as octets of their own.
   */
  replyEncoded?(answer: Answer, message: EncodedMessage): number
  /** Starts a response with any number of messages. */
  begin(answer: Answer): void
  /** Undefined: response streams have no heartbeat. */
  readonly heartbeat?: ProtocolHeartbeat
  /** Sends one message. Returns false if the caller should wait for `onWritable`. */
  write(answer: Answer, message: Uint8Array, isCompressed: boolean): boolean
  /** As `write`, for a message that is not compressed, whose octets may be reused afterwards. */
  writeEncoded?(answer: Answer, message: EncodedMessage): boolean
  /** Ends a response that was started. */
  end(answer: Answer, error: ConnectError | null): void
  /** Sends an error before anything else was sent. */
  fail(answer: Answer, error: ConnectError): void
}

/** The HTTP methods of a method that can be called by POST only. */
export const POST_ALONE: readonly string[] = Object.freeze(['POST'])

/** Returns the fields of a successful head: content type, base fields and the encoding. */
export function successFields(
  protocol: ServerProtocol,
  { codec, baseFields, encoding }: { codec: string; baseFields: readonly EncodableField[]; encoding?: string },
): EncodableField[] {
  const fields = [{ name: 'content-type', value: protocol.contentType(codec) }, ...baseFields]
  if (encoding !== undefined && protocol.compression !== null) {
    fields.push({ name: protocol.compression.header, value: encoding })
  }
  return fields
}
