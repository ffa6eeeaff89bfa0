/** Sends the same random requests to Envoy's grpc_json_transcoder and to the preset `envoy`, and compares what each makes of them. */
import { type ClientHttp2Session, connect } from 'node:http2'
import { getOption } from '@bufbuild/protobuf'
import { http } from '../../../../gen/google/api/annotations_pb.js'
import { file_google_rpc_error_details } from '../../../../gen/google/rpc/error_details_pb.js'
import { file_google_rpc_status } from '../../../../gen/google/rpc/status_pb.js'
import { takesStream } from '../../../../server/rpc/protocols/rest/binding/check-rule.ts'
import {
  BodyService,
  file_transcoding_v1_echo,
  PathService,
  ResponseService,
  StreamService,
} from '../../../gen/transcoding/v1/echo_pb.js'
import { repetitions } from '../../../support/depth.ts'
import { exchangeOn } from '../../../support/exchange.ts'
import { freePort } from '../../../support/ports.ts'
import type { Check } from '../../../support/run-checks.ts'
import { type EnvoyFilter, envoyFilter, startEnvoy } from '../../proxies/envoy.ts'
import { type ComparedNames, compareRest, outcomeOf, type RestDifference, type RestOutcome } from '../compare-rest.ts'
import { ComparisonReport } from '../comparison-report.ts'
import { type EchoApp, startEchoApp } from '../echo-app.ts'
import { generateRequests, type RestRequest } from '../generate-requests.ts'
import { RestClient, type WireResponse } from '../send-rest-request.ts'
import { descriptorSetOf } from './descriptor-set.ts'
import { ENVOY_DIFFERENCES } from './envoy-differences.ts'
import { ENVOY_VARIANTS, type EnvoyVariant } from './envoy-variants.ts'

/** Envoy with a port for each variant, and the checks. */
export interface EnvoyChecks extends AsyncDisposable {
  readonly checks: readonly Check[]
}

const SEED = 20_261_129
const REQUESTS_PER_VARIANT = repetitions({ narrow: 100, deep: 2_000 })

const SERVICES = [PathService, BodyService, ResponseService, StreamService]

/** Envoy does not start with a `response_body` that is no google.api.HttpBody. */
const METHODS = SERVICES.flatMap(({ methods }) => methods).filter((method) => {
  const rule = getOption(method, http)
  return [rule, ...rule.additionalBindings].every(({ responseBody }) => responseBody === '')
})

const NAMES: ComparedNames = { header: (name) => name === 'content-type', metadata: () => false }

/** Starts Envoy in front of a server of ours. */
export async function envoyChecks(folder: string): Promise<EnvoyChecks> {
  await using servers = new AsyncDisposableStack()
  const backend = servers.use(await startEchoApp(false))
  const variants = await Promise.all(ENVOY_VARIANTS.map(async (variant) => ({ variant, port: await freePort() })))
  const listeners = variants.map(({ variant, port }) => ({ port, codec: 'AUTO' as const, filter: filterOf(variant) }))
  servers.use(await startEnvoy({ listeners, backendPort: backend.port, folder }))
  const checks = variants.map(({ variant, port }, index) => ({
    name: `REST as Envoy: ${REQUESTS_PER_VARIANT} requests, ${variant.name}`,
    run: () => compare(variant, { backend, port, seed: SEED + index }),
  }))
  const started = servers.move()
  return { checks, [Symbol.asyncDispose]: () => started.disposeAsync() }
}

function filterOf({ transcoder }: EnvoyVariant): EnvoyFilter {
  const files = [file_transcoding_v1_echo, file_google_rpc_error_details, file_google_rpc_status]
  return envoyFilter('http.grpc_json_transcoder.v3.GrpcJsonTranscoder', {
    proto_descriptor_bin: Buffer.from(descriptorSetOf(files)).toString('base64'),
    services: SERVICES.map(({ typeName }) => typeName),
    ...transcoder,
  })
}

async function compare(
  variant: EnvoyVariant,
  { backend, port, seed }: { readonly backend: EchoApp; readonly port: number; readonly seed: number },
): Promise<void> {
  const rest = { preset: 'envoy' as const, ...variant.rest }
  await using app = await startEchoApp(rest)
  using ours = new AnyVersionClient(app.port)
  using theirs = new AnyVersionClient(port)
  const report = new ComparisonReport()
  const requests = generateRequests(METHODS, seed)
  for (let left = REQUESTS_PER_VARIANT; left > 0; left--) {
    const request = withArray(requests.next().value)
    const [our, their] = await Promise.all([outcomeOf(ours, app, request), outcomeOf(theirs, backend, request)])
    const difference = compareOutcomes(our, their)
    report.add(request, difference, difference === null ? undefined : reasonOf(request, difference, variant))
  }
  report.finish()
}

/** Streams in both directions need HTTP/2; the rest is sent over HTTP/1.1. */
class AnyVersionClient implements Disposable {
  readonly #http1: RestClient
  readonly #http2: ClientHttp2Session

  constructor(port: number) {
    this.#http1 = new RestClient(port)
    this.#http2 = connect(`http://127.0.0.1:${port}`)
    this.#http2.on('error', () => {})
  }

  async send(request: RestRequest): Promise<WireResponse> {
    try {
      return await (request.method.methodKind === 'bidi_streaming'
        ? this.#sendHttp2(request)
        : this.#http1.send(request))
    } catch (error) {
      if (!isBroken(error)) throw error
      return { status: 0, headers: {}, trailers: {}, body: '' }
    }
  }

  async #sendHttp2({ verb, target, headers, body }: RestRequest): Promise<WireResponse> {
    const init = { method: verb, path: target, headers, ...(body !== null && { body }) }
    const response = await exchangeOn(this.#http2, init)
    const type = response.headers['content-type'] ?? ''
    return { status: response.status, headers: { 'content-type': type }, trailers: {}, body: response.body.toString() }
  }

  [Symbol.dispose](): void {
    this.#http1[Symbol.dispose]()
    this.#http2.destroy()
  }
}

/** Whether a stream of HTTP/2 was cut, or a response is not HTTP: Envoy sends the content type of a service as it is. */
function isBroken(error: unknown): boolean {
  const { cause = error } = error as Error
  return cause instanceof Error && 'code' in cause && /^(ERR_HTTP2_|HPE_)/.test(String(cause.code))
}

/** Errors of the transcoder itself are compared by their status: Envoy's have a line of text. */
function compareOutcomes(ours: RestOutcome, theirs: RestOutcome): RestDifference | null {
  const isOwnError = theirs.seen === null && ours.seen === null && theirs.response.status >= 400
  if (!isOwnError) return compareRest(inOneLine(ours), inOneLine(theirs), NAMES)
  return compareRest(withoutContent(ours), withoutContent(theirs), NAMES)
}

/** Envoy reads request streams from an array only. */
function withArray(request: RestRequest): RestRequest {
  const { body, method } = request
  return takesStream(method) && body !== null ? { ...request, body: `[${body}]` } : request
}

function withoutContent({ response, seen }: RestOutcome): RestOutcome {
  return { response: { ...response, headers: {}, body: '' }, seen }
}

function reasonOf(request: RestRequest, difference: RestDifference, { name }: EnvoyVariant): string | undefined {
  return ENVOY_DIFFERENCES.find((known) => known.covers(request, difference, name))?.reason
}

/** JSON as compareRest expects it: whitespace between its tokens means nothing, nor do forms of a number. */
function inOneLine({ response, seen }: RestOutcome): RestOutcome {
  const { body } = response
  const text = body.startsWith('data:') ? body.replace(/^data: (.*)$/gm, (_, json) => rewritten(json)) : rewritten(body)
  return { response: { ...response, body: text }, seen }
}

function rewritten(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text))
  } catch {
    return text
  }
}
