/** The standard reflection services, by which grpcurl, Postman and similar tools learn the API of a server. */
import type { DescService, Registry } from '@bufbuild/protobuf'
import type { HandlerContext, ServiceImpl } from '@connectrpc/connect'
import { ServerReflection as V1 } from '../../../gen/grpc/reflection/v1/reflection_pb.js'
import { ServerReflection as V1Alpha } from '../../../gen/grpc/reflection/v1alpha/reflection_pb.js'
import { checkOptions, type OptionKinds, type OptionShape } from '../../../wire/options/check-options.ts'
import { ReflectedTypes } from './descriptor-index.ts'
import { type ReflectionAnswer, type ReflectionRequest, ReflectionStream } from './reflection-stream.ts'

/** The options of reflection. */
export interface ReflectionOptions {
  /**
   * The most bytes of descriptors in one response. Default 3,145,728 (3 MiB), which with the echoed request stays below
   * the 4 MiB that gRPC clients receive by default; range 1 to 2,147,483,647.
   */
  readonly maxResponseBytes?: number
  /**
   * More types to show, such as extensions and the contents of `google.protobuf.Any`. Default: only types that the
   * services use.
   */
  readonly registry?: Registry
}

/** A service with its implementation. */
export interface ServedService<Service extends DescService> {
  readonly service: Service
  readonly implementation: ServiceImpl<Service>
}

const DEFAULT_MAX_RESPONSE_BYTES = 3_145_728

const SHAPE: OptionShape = {
  kinds: { maxResponseBytes: ['number'], registry: ['object'] } satisfies OptionKinds<ReflectionOptions>,
}

const MOST_BYTES = 2_147_483_647

/**
 * Creates grpc.reflection.v1 and v1alpha, in this order, for the given services and themselves. Clients see the files
 * that declare these services, with their imports; leave a service out to hide it. Both are bidirectional streams, so
 * clients need HTTP/2 for more than one request per stream.
 *
 * @throws RangeError for an option out of its range or unknown
 */
export function createReflectionServices(
  services: readonly DescService[],
  init: ReflectionOptions = {},
): readonly [ServedService<typeof V1>, ServedService<typeof V1Alpha>] {
  const { maxResponseBytes, registry } = normalizeReflectionOptions(init)
  const types = new ReflectedTypes()
  types.add(services, registry)
  return reflectionServicesOf(types, maxResponseBytes)
}

/** Creates the services for types that may be added to until the first request. */
export function reflectionServicesOf(
  types: ReflectedTypes,
  maxResponseBytes = DEFAULT_MAX_RESPONSE_BYTES,
): readonly [ServedService<typeof V1>, ServedService<typeof V1Alpha>] {
  types.add([V1, V1Alpha])
  const newStream = async (context: HandlerContext) =>
    new ReflectionStream(await types.indexFor(context), maxResponseBytes)
  return [
    {
      service: V1,
      implementation: { serverReflectionInfo: (requests, context) => answerAll(requests, newStream(context)) },
    },
    {
      service: V1Alpha,
      implementation: { serverReflectionInfo: (requests, context) => answerAll(requests, newStream(context)) },
    },
  ]
}

interface ReflectionResponse<Request> {
  readonly validHost: string
  readonly originalRequest: Request
  readonly messageResponse: ReflectionAnswer
}

async function* answerAll<Request extends ReflectionRequest>(
  requests: AsyncIterable<Request>,
  opening: Promise<ReflectionStream>,
): AsyncGenerator<ReflectionResponse<Request>, void> {
  const stream = await opening
  for await (const request of requests) {
    yield { validHost: request.host, originalRequest: request, messageResponse: stream.answer(request) }
  }
}

function normalizeReflectionOptions(init: ReflectionOptions) {
  checkOptions('createReflectionServices', init, SHAPE)
  const { maxResponseBytes = DEFAULT_MAX_RESPONSE_BYTES, registry } = init
  if (!Number.isInteger(maxResponseBytes) || maxResponseBytes < 1 || maxResponseBytes > MOST_BYTES) {
    throw new RangeError(`maxResponseBytes must be a whole number from 1 to ${MOST_BYTES}, is ${maxResponseBytes}`)
  }
  return Object.freeze({ maxResponseBytes, registry })
}
