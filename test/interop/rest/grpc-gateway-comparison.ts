/** Sends the same random requests to grpc-gateway and to the preset `grpcGateway`, and compares what each makes of them. */
import type { DescMethod } from '@bufbuild/protobuf'
import { BodyService, PathService, ResponseService, StreamService } from '../../gen/transcoding/v1/echo_pb.js'
import { repetitions } from '../../support/depth.ts'
import type { Check } from '../../support/run-checks.ts'
import { type ComparedNames, compareRest, outcomeOf } from './compare-rest.ts'
import { ComparisonReport } from './comparison-report.ts'
import { type EchoApp, startEchoApp } from './echo-app.ts'
import { GATEWAY_ODDITIES, type GatewayOddityName } from './gateway-oddities.ts'
import { generateOddRequests } from './generate-requests.ts'
import type { GatewayDifference } from './grpc-gateway-body-differences.ts'
import { DECODED_BEFORE_ROUTING, GATEWAY_DIFFERENCES, OTHER_MODES } from './grpc-gateway-differences.ts'
import { knownDifference } from './known-differences.ts'
import { ODDITIES, type OddityName } from './request-oddities.ts'
import { RestClient } from './send-rest-request.ts'
import { type GrpcGateway, startGrpcGateway } from './start-grpc-gateway.ts'

type Oddity = OddityName | GatewayOddityName
type GatewayMode = Exclude<keyof GrpcGateway, symbol>

/** The checks, and the servers that they compare. */
export interface GrpcGatewayChecks extends AsyncDisposable {
  readonly checks: readonly Check[]
}

interface Comparison {
  readonly name: string
  readonly mode: GatewayMode
  readonly decoding: 'all' | 'allExceptReserved' | 'allExceptSlash'
  readonly methods: readonly DescMethod[]
  readonly count: number
  readonly known: readonly GatewayDifference[]
}

/** Where a comparison runs. */
interface Scope {
  /** The server behind grpc-gateway. */
  readonly backend: EchoApp
  /** The port of grpc-gateway. */
  readonly port: number
  readonly seed: number
}

const SEED = 20_261_129

const ALL_METHODS = [PathService, BodyService, ResponseService, StreamService].flatMap(({ methods }) => methods)
const { headers, fail } = ResponseService.method
const BODY_AND_HEADERS = [headers, fail, PathService.method.query, BodyService.method.whole, BodyService.method.patch]
const ALL_ODDITIES = [...ODDITIES, ...GATEWAY_ODDITIES]

/**
 * Left out is what has no counterpart here: the response headers of the gRPC call between grpc-gateway and its backend, and the address
 * of the client, which grpc-gateway adds to the metadata and which a handler here reads from its context.
 */
const NAMES: ComparedNames = {
  header: (name) =>
    ['content-type', 'www-authenticate'].includes(name) ||
    (/^grpc-(metadata|trailer)-/.test(name) && !/^grpc-(metadata|trailer)-(content-type|date)$/.test(name)),
  metadata: (name) => /^(grpcgateway-|x-(?!forwarded)|authorization$|dnt$)/.test(name),
}

const COMPARISONS: readonly Comparison[] = [
  {
    name: 'as it is by default',
    mode: 'legacy',
    decoding: 'all',
    methods: ALL_METHODS,
    count: repetitions({ narrow: 900, deep: 6_000 }),
    known: [...GATEWAY_DIFFERENCES, ...DECODED_BEFORE_ROUTING],
  },
  // They have few bindings, and more to get wrong.
  {
    name: 'for streams, errors, headers and whole messages',
    mode: 'legacy',
    decoding: 'all',
    methods: [...StreamService.methods, ...BODY_AND_HEADERS],
    count: repetitions({ narrow: 400, deep: 3_000 }),
    known: [...GATEWAY_DIFFERENCES, ...DECODED_BEFORE_ROUTING],
  },
  {
    name: 'with UnescapingModeAllExceptReserved',
    mode: 'allExceptReserved',
    decoding: 'allExceptReserved',
    methods: ALL_METHODS,
    count: repetitions({ narrow: 100, deep: 500 }),
    known: [...GATEWAY_DIFFERENCES, ...OTHER_MODES],
  },
  {
    name: 'with UnescapingModeAllExceptSlash',
    mode: 'allExceptSlash',
    decoding: 'allExceptSlash',
    methods: ALL_METHODS,
    count: repetitions({ narrow: 100, deep: 500 }),
    known: [...GATEWAY_DIFFERENCES, ...OTHER_MODES],
  },
]

/** Builds and starts grpc-gateway in front of a server of ours. */
export async function grpcGatewayChecks(): Promise<GrpcGatewayChecks> {
  await using servers = new AsyncDisposableStack()
  const backend = servers.use(await startEchoApp(false))
  const gateway = servers.use(await startGrpcGateway(backend.port))
  const checks = COMPARISONS.map((comparison, index) => ({
    name: `REST as grpc-gateway: ${comparison.count} requests ${comparison.name}`,
    run: () => compare(comparison, { backend, port: gateway[comparison.mode], seed: SEED + index }),
  }))
  const started = servers.move()
  return { checks, [Symbol.asyncDispose]: () => started.disposeAsync() }
}

async function compare({ decoding, methods, count, known }: Comparison, { backend, port, seed }: Scope): Promise<void> {
  const rest = { preset: 'grpcGateway', path: { decoding } } as const
  await using app = await startEchoApp(rest)
  using ours = new RestClient(app.port)
  using theirs = new RestClient(port)
  const report = new ComparisonReport()
  const requests = generateOddRequests<Oddity>(methods, seed, ALL_ODDITIES)
  for (let left = count; left > 0; left--) {
    const request = requests.next().value
    const [our, their] = await Promise.all([outcomeOf(ours, app, request), outcomeOf(theirs, backend, request)])
    const difference = compareRest(our, their, NAMES)
    const entry = difference === null ? undefined : knownDifference(known, request, difference)
    report.add(request, difference, entry?.reason)
  }
  report.finish()
}
