/** The services of transcoding/v1/echo.proto. Handlers answer with what they received, and keep it for a comparison. */
import type { AddressInfo } from 'node:net'
import { create, createRegistry, type Message } from '@bufbuild/protobuf'
import { DurationSchema, StringValueSchema, StructSchema, TimestampSchema } from '@bufbuild/protobuf/wkt'
import { Code, ConnectError, type ConnectRouter, type HandlerContext, type ServiceImpl } from '@connectrpc/connect'
import { HttpBodySchema } from '../../../gen/google/api/httpbody_pb.js'
import { file_google_rpc_error_details } from '../../../gen/google/rpc/error_details_pb.js'
import { createApp, type RestOptions } from '../../../server/public.ts'
import { file_kinds_v1_kinds, type Kinds, KindsSchema } from '../../gen/kinds/v1/kinds_pb.js'
import {
  BodyService,
  CollectionSchema,
  type CountRequest,
  PathService,
  ResponseService,
  StreamService,
} from '../../gen/transcoding/v1/echo_pb.js'

/** What the handler of a call received. */
export interface SeenCall {
  readonly method: string
  /** Plain copies, which can be compared: bytes are in base64, and fields without a value are undefined. */
  readonly messages: readonly unknown[]
  /** Metadata, with names in lower case. */
  readonly metadata: ReadonlyMap<string, string>
}

/** A server of the services. */
export interface EchoApp extends AsyncDisposable {
  readonly port: number
  /**
   * Returns what the latest call received, and forgets it; null if no call has reached a handler, or the request stream of the call
   * has failed.
   */
  take(): SeenCall | null
}

/** Of a stream, whatever a random request asks for. */
const MOST_MESSAGES = 5

/** The types that requests have in a `google.protobuf.Any`: well-known ones, those of the API, and the usual details of errors. */
const ANY_TYPES = createRegistry(
  file_google_rpc_error_details,
  file_kinds_v1_kinds,
  DurationSchema,
  StringValueSchema,
  StructSchema,
  TimestampSchema,
)

interface Recorded {
  readonly method: string
  readonly messages: unknown[]
  readonly metadata: ReadonlyMap<string, string>
}

/** Listens on a free port before it returns. */
export async function startEchoApp(rest: boolean | RestOptions): Promise<EchoApp> {
  const recorder = new Recorder()
  const routes = (router: ConnectRouter) => route(router, recorder)
  const app = await createApp({ rest, routes, registry: ANY_TYPES, logger: false })
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
  start(context: HandlerContext): unknown[] {
    const messages: unknown[] = []
    this.#latest = { method: context.method.name, messages, metadata: new Map(context.requestHeader) }
    return messages
  }

  unary(context: HandlerContext, message: Message): void {
    this.start(context).push(plain(message))
  }

  take(): SeenCall | null {
    const latest = this.#latest
    this.#latest = null
    return latest
  }
}

function route(router: ConnectRouter, recorder: Recorder): void {
  const echoKinds = (request: Kinds, context: HandlerContext): Kinds => {
    recorder.unary(context, request)
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
      recorder.unary(context, request)
      return request
    },
  })
  router.service(ResponseService, { part: echoKinds, nothing, ...responses(recorder) })
  router.service(StreamService, streams(recorder))
}

function responses(recorder: Recorder): Pick<ServiceImpl<typeof ResponseService>, 'download' | 'headers' | 'fail'> {
  return {
    download: (request, context) => {
      recorder.unary(context, request)
      return create(HttpBodySchema, { contentType: request.contentType, data: request.data })
    },
    headers: (request, context) => {
      recorder.unary(context, request)
      append(context.responseHeader, request.headers)
      append(context.responseTrailer, request.trailers)
      if (request.fails) throw new ConnectError('as the request wants', Code.Aborted)
      return request
    },
    fail: (request, context) => {
      recorder.unary(context, request)
      const { code, message, details } = request
      if (!(code in Code)) return request
      const error = new ConnectError(message, code)
      error.details = details.map(({ typeUrl, value }) => ({ type: typeUrl.replace(/^.*\//, ''), value }))
      throw error
    },
  }
}

/** Random text may be no valid name or value. */
function append(headers: Headers, fields: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(fields)) {
    if (/^[a-z][a-z-]*$/.test(name) && /^[!-~]+$/.test(value)) headers.append(name, value)
  }
}

function streams(recorder: Recorder): ServiceImpl<typeof StreamService> {
  return {
    count: (request, context) => count(request, context, recorder),
    countParts: (request, context) => count(request, context, recorder),
    countFiles: async function* ({ messages, code }, context) {
      recorder.start(context)
      for (let number = 1; number <= Math.min(messages, MOST_MESSAGES); number++) {
        yield { contentType: 'text/plain', data: Buffer.from(`part ${number}`) }
      }
      endWith(code)
    },
    collect: async (requests, context) => {
      const items: Kinds[] = []
      for await (const request of requests) items.push(request)
      recorder.start(context).push(...items.map(plain))
      return create(CollectionSchema, { items })
    },
    chat: async function* (requests, context) {
      const received: Kinds[] = []
      for await (const request of requests) {
        received.push(request)
        yield request
      }
      recorder.start(context).push(...received.map(plain))
    },
  }
}

async function* count(request: CountRequest, context: HandlerContext, recorder: Recorder): AsyncGenerator<Kinds> {
  recorder.unary(context, request)
  for (let number = 1; number <= Math.min(request.messages, MOST_MESSAGES); number++) {
    yield create(KindsSchema, { int32Value: number, int64Value: BigInt(number), nested: request.nested })
  }
  endWith(request.code)
}

function endWith(code: number): void {
  if (code in Code) throw new ConnectError('as the request wants', code)
}

function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => name !== '$unknown')
      .map(([name, each]) => [name, plain(each)]),
  )
}
