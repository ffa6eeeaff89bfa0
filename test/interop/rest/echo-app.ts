/** The services of transcoding/v1/echo.proto. Handlers answer with what they received, and keep it for a comparison. */
import type { AddressInfo } from 'node:net'
import { create, type DescMessage, type JsonValue, type Message, toJson } from '@bufbuild/protobuf'
import { Code, ConnectError, type ConnectRouter, type HandlerContext, type ServiceImpl } from '@connectrpc/connect'
import { HttpBodySchema } from '../../../gen/google/api/httpbody_pb.js'
import { type AppOptions, createApp } from '../../../server/public.ts'
import { type Kinds, KindsSchema } from '../../gen/kinds/v1/kinds_pb.js'
import {
  BodyService,
  CollectionSchema,
  type CountRequest,
  CountRequestSchema,
  DownloadRequestSchema,
  FailRequestSchema,
  HeadersRequestSchema,
  PatchRequestSchema,
  PathService,
  ResponseService,
  StreamService,
} from '../../gen/transcoding/v1/echo_pb.js'
import { ANY_TYPES } from './any-types.ts'

/** What the handler of a call received. */
export interface SeenCall {
  readonly method: string
  /** As ProtoJSON. */
  readonly messages: readonly JsonValue[]
  /** Metadata, with names in lower case. */
  readonly metadata: ReadonlyMap<string, string>
}

/** A server of the services. */
export interface EchoApp extends AsyncDisposable {
  readonly port: number
  /** Returns what the latest call received, and forgets it; null if no call has reached a handler. */
  take(): SeenCall | null
}

interface Recorded {
  readonly method: string
  readonly messages: JsonValue[]
  readonly metadata: ReadonlyMap<string, string>
}

/** Listens on a free port before it returns. */
export async function startEchoApp(options: Omit<AppOptions, 'routes'> = {}): Promise<EchoApp> {
  const recorder = new Recorder()
  const app = await createApp({ ...options, routes: (router) => route(router, recorder) })
  await app.fastify.listen({ host: '127.0.0.1', port: 0 })
  const { port } = app.fastify.server.address() as AddressInfo
  return {
    port,
    take: () => recorder.take(),
    [Symbol.asyncDispose]: async () => {
      await app.drain()
    },
  }
}

class Recorder {
  #latest: Recorded | null = null

  /** Starts the record of a call, and returns the list of its messages. */
  start(context: HandlerContext): JsonValue[] {
    const messages: JsonValue[] = []
    this.#latest = { method: context.method.name, messages, metadata: new Map(context.requestHeader) }
    return messages
  }

  unary(context: HandlerContext, schema: DescMessage, message: Message): void {
    this.start(context).push(toJson(schema, message, { registry: ANY_TYPES }))
  }

  take(): SeenCall | null {
    const latest = this.#latest
    this.#latest = null
    return latest
  }
}

function route(router: ConnectRouter, recorder: Recorder): void {
  const echoKinds = (request: Kinds, context: HandlerContext): Kinds => {
    recorder.unary(context, KindsSchema, request)
    return request
  }
  const nothing = (_: unknown, context: HandlerContext) => {
    recorder.start(context)
    return {}
  }
  router.service(PathService, {
    one: echoKinds,
    many: echoKinds,
    scalars: echoKinds,
    query: echoKinds,
    delete: echoKinds,
    custom: echoKinds,
    wild: echoKinds,
    literal: nothing,
  })
  router.service(BodyService, {
    whole: echoKinds,
    field: echoKinds,
    patch: (request, context) => {
      recorder.unary(context, PatchRequestSchema, request)
      return request
    },
  })
  router.service(ResponseService, { part: echoKinds, nothing, ...responses(recorder) })
  router.service(StreamService, streams(recorder))
}

function responses(recorder: Recorder): Pick<ServiceImpl<typeof ResponseService>, 'download' | 'headers' | 'fail'> {
  return {
    download: (request, context) => {
      recorder.unary(context, DownloadRequestSchema, request)
      return create(HttpBodySchema, { contentType: request.contentType, data: request.data })
    },
    headers: (request, context) => {
      recorder.unary(context, HeadersRequestSchema, request)
      for (const [name, value] of Object.entries(request.headers)) context.responseHeader.append(name, value)
      for (const [name, value] of Object.entries(request.trailers)) context.responseTrailer.append(name, value)
      if (request.fails) throw new ConnectError('as the request wants', Code.Aborted)
      return request
    },
    fail: (request, context) => {
      recorder.unary(context, FailRequestSchema, request)
      const { code, message, details } = request
      if (!(code in Code)) return request
      const error = new ConnectError(message, code)
      error.details = details.map(({ typeUrl, value }) => ({ type: typeUrl.replace(/^.*\//, ''), value }))
      throw error
    },
  }
}

function streams(recorder: Recorder): ServiceImpl<typeof StreamService> {
  return {
    count: (request, context) => count(request, context, recorder),
    countParts: (request, context) => count(request, context, recorder),
    countFiles: async function* ({ messages, code }, context) {
      recorder.start(context)
      for (let number = 1; number <= messages; number++) {
        yield { contentType: 'text/plain', data: Buffer.from(`part ${number}`) }
      }
      endWith(code)
    },
    collect: async (requests, context) => {
      const messages = recorder.start(context)
      const items: Kinds[] = []
      for await (const request of requests) {
        messages.push(toJson(KindsSchema, request))
        items.push(request)
      }
      return create(CollectionSchema, { items })
    },
    chat: async function* (requests, context) {
      const messages = recorder.start(context)
      for await (const request of requests) {
        messages.push(toJson(KindsSchema, request))
        yield request
      }
    },
  }
}

async function* count(request: CountRequest, context: HandlerContext, recorder: Recorder): AsyncGenerator<Kinds> {
  recorder.unary(context, CountRequestSchema, request)
  for (let number = 1; number <= request.messages; number++) {
    yield create(KindsSchema, { int32Value: number, int64Value: BigInt(number), nested: request.nested })
  }
  endWith(request.code)
}

function endWith(code: number): void {
  if (code in Code) throw new ConnectError('as the request wants', code)
}
