/** What differs between protocols: how a head is read, how messages are framed, how answers and errors are written. */
import type { DescMethod, Message } from '@bufbuild/protobuf'
import type { ConnectError } from '@connectrpc/connect'
import type { MessageReader, ReaderOptions } from '../../../wire/envelope-reader.ts'
import type { EncodableField } from '../../../wire/http2/http2.ts'
import type { MessageCodec, MessageCodecs } from '../../../wire/message-codec.ts'
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
  /** The method is marked NO_SIDE_EFFECTS: it may be called by GET. */
  readonly isSafe: boolean
  /** Connect calls must state their version. */
  readonly requiresConnectVersion: boolean
}

/** What a head says of a call, as its protocol reads it. */
export interface HeadReading {
  /** What decodes and encodes the messages of the call: one of the method's, or one that the protocol keeps for the method. */
  readonly codec: MessageCodec
  /** What the request is compressed with, as the head names it; undefined for nothing. */
  readonly encoding: string | undefined
  /** A fault to be answered as an error of the call; null for none. */
  readonly error: ConnectError | null
}

/** What a protocol reads and answers calls by. Shared by calls whose heads are alike. */
export interface ProtocolPlan {
  readonly entry: ServedMethod
  readonly protocol: ServerProtocol
  readonly codec: MessageCodec
  /** How messages of the client are read. */
  readonly reading: ReaderOptions<Message>
  /** What every response begins with, whatever its content: CORS, caching. */
  readonly baseFields: readonly EncodableField[]
  /** The head of a success to which the service adds nothing. */
  readonly head: ResponseBlock
  /** The same where the body as a whole is compressed; differs from `head` where messages are not compressed one by one. */
  readonly compressedHead: ResponseBlock
}

/** A call as a protocol sees it when it answers. */
export interface Answer {
  readonly exchange: Exchange
  readonly plan: ProtocolPlan
  /** What `createReader` made for this call: a protocol may keep there what it needs to know of the request. */
  readonly reader: MessageReader<Message>
  /** What the service has set; undefined where it never asked for them. */
  readonly responseHeaderIfSet: Headers | undefined
  readonly responseTrailerIfSet: Headers | undefined
  /** The head of a success: the plan's own, with what the service has set. */
  successHead(isBodyCompressed?: boolean): ResponseBlock
}

/** How a protocol compresses. */
export interface ProtocolCompression {
  /** The header that names the encoding, in both directions. */
  readonly header: string
  /** The header that lists what the peer can inflate. */
  readonly acceptHeader: string
  /** Messages are compressed one by one; else the body is, as a whole, and the head says so only then. */
  readonly isByMessage: boolean
}

/** A path of a protocol's own that leads to a method. */
export interface ProtocolRoute {
  /** As Fastify writes routes, `/v1/users/:id`, without the prefix of the lane: its hooks run for these calls, too. */
  readonly url: string
  readonly verbs: readonly string[]
  readonly method: ServedMethod
}

/** Where a protocol names methods in a way of its own. */
export interface ProtocolRoutes {
  readonly all: readonly ProtocolRoute[]
  /** Finds the route of a request, whose path stands there without the prefix of the lane; undefined: it takes none. */
  find(head: HeadSource): ProtocolRoute | undefined
}

/**
 * One protocol, whole: the folder of a protocol exports such an object, and a list of them is asked in order. It has no state
 * of its own: one object serves all calls. Every method that answers may throw a TypeError for metadata that cannot be sent,
 * or HeaderListTooLargeError; nothing of the block in question has been sent then.
 */
export interface ServerProtocol extends CallerProtocol {
  /** The option of the plugin, and of a service, that switches it off where it is false: `grpc`, `grpcWeb`, `connect`. */
  readonly option: string
  /** Octets that its framing adds to a message, for those who count. */
  readonly overheadBytes: number
  /** How messages are compressed; null: they never are. */
  readonly compression: ProtocolCompression | null
  /** Whether methods of a kind can be called. Asked once for each method, at start. */
  carries(kind: ServedMethod['kind']): boolean
  /** The verbs by which a method can be called. */
  verbsOf(entry: ServedMethod): readonly string[]
  /** The content types of requests, for refusals that list them. */
  readonly contentTypes: readonly string[]
  /**
   * Where methods are not named by `/package.Service/Method` alone: made once, at start, from the methods that it carries.
   */
  createRoutes?(methods: readonly ServedMethod[]): ProtocolRoutes
  /**
   * Reads a head for a method that it carries, by a verb of the method's.
   *
   * @param route of its own, by which the request came; null: by the path that the method has in all protocols
   * @returns null where the request is not in this protocol; a sentence where it is, and lacks what would make it a call
   */
  read(head: CallHead, entry: ServedMethod, route: ProtocolRoute | null): HeadReading | string | null
  /** The content type of responses whose messages are of a codec. */
  contentType(codec: string): string
  /** The reader of a request's messages. */
  createReader(exchange: Exchange, plan: ProtocolPlan): MessageReader<Message>
  /** Answers with the one message, encoded and compressed or not: all there is. Returns the octets of the body. */
  reply(answer: Answer, message: Uint8Array, isCompressed: boolean): number
  /** Begins a response of many messages. */
  begin(answer: Answer): void
  /** Writes one of them. False: wait for `onWritable`. */
  write(answer: Answer, message: Uint8Array, isCompressed: boolean): boolean
  /** Ends a response that was begun. */
  end(answer: Answer, error: ConnectError | null): void
  /** Answers with an error, where nothing was sent before. */
  fail(answer: Answer, error: ConnectError): void
}

/** The verbs of a method that is called by POST and no other way. */
export const POST_ALONE: readonly string[] = Object.freeze(['POST'])

/** The fields of a success: what all have, and what this protocol adds. */
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
