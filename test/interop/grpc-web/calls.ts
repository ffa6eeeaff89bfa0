/** Calls by grpc-web's official client; bundled into a page, where they are run by name. */
import { create, type DescMethod, fromBinary, type Message, type MessageShape, toBinary } from '@bufbuild/protobuf'
import { GrpcWebClientBase, MethodDescriptor, MethodType, type RpcError, StatusCode } from 'grpc-web'
import {
  GetStreamRequestSchema,
  GreeterService,
  PublishRequestSchema,
  SayHelloRequestSchema,
} from '../../../gen/greeter/v1/greeter_pb.js'

/** How a server is called. */
export interface Way {
  readonly origin: string
  /** Binary on the wire, or base64. */
  readonly format: 'binary' | 'text'
}

const { sayHello, publish, getStream } = GreeterService.method

/** Gives the greeting. */
export async function greet(way: Way, name: string): Promise<string> {
  const { message } = await callUnary(way, sayHello, create(SayHelloRequestSchema, { name }))
  return message
}

/** Publishes to a topic with an invalid name, and returns the error code. */
export async function publishNowhere(way: Way): Promise<number> {
  const request = create(PublishRequestSchema, { topic: 'no spaces', data: 'x' })
  return await callUnary(way, publish, request).then(
    () => StatusCode.OK,
    ({ code }: RpcError) => code,
  )
}

/** Publishes to a topic, reads it from its start, and returns the messages. */
export async function readTopic(way: Way, topic: string, sent: readonly string[]): Promise<readonly string[]> {
  for (const data of sent) await callUnary(way, publish, create(PublishRequestSchema, { topic, data }))
  const request = create(GetStreamRequestSchema, { topic, afterSequence: 0n, limit: sent.length })
  const received: string[] = []
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const { client, url, descriptor } = prepare(way, getStream)
  client
    .serverStreaming(url, request, {}, descriptor)
    .on('data', ({ data }) => received.push(data))
    .on('error', reject)
    .on('end', resolve)
  await promise
  return received
}

function callUnary<M extends DescMethod>(
  way: Way,
  method: M,
  request: MessageShape<M['input']>,
): Promise<MessageShape<M['output']>> {
  const { client, url, descriptor } = prepare(way, method)
  return client.unaryCall(url, request, {}, descriptor)
}

function prepare<M extends DescMethod>({ origin, format }: Way, method: M) {
  const url = `${origin}/${method.parent.typeName}/${method.name}`
  const type = method.methodKind === 'unary' ? MethodType.UNARY : MethodType.SERVER_STREAMING
  const descriptor = new MethodDescriptor<MessageShape<M['input']>, MessageShape<M['output']>>(
    url,
    type,
    Object as unknown as new () => MessageShape<M['input']>,
    Object as unknown as new () => MessageShape<M['output']>,
    (message: Message) => toBinary(method.input, message),
    (bytes: Uint8Array) => fromBinary(method.output, bytes),
  )
  return { client: new GrpcWebClientBase({ format }), url, descriptor }
}
