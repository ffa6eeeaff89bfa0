/** REST: calls by the paths and HTTP methods of `google.api.http`, as JSON (google/api/http.proto). */
import { Buffer } from 'node:buffer'
import type { ConnectError } from '@connectrpc/connect'
import { parseConnectTimeout, parseGrpcTimeout, parseServerTimeout } from '../../../../../wire/timeout-header.ts'
import type { CallHead, HeadSource } from '../../../exchange/call-head.ts'
import type { Refusal } from '../../../exchange/refusal.ts'
import { ResponseBlock } from '../../../exchange/response-block.ts'
import { VERSION_HEADER } from '../../connect/connect-head.ts'
import type { HeadReading, ProtocolHeartbeat, ServedMethod, ServerProtocol } from '../../server-protocol.ts'
import { codeInBody, errorContentType, errorFormFor, errorJson } from '../errors/error-body.ts'
import { httpStatusOf, refusalCode } from '../errors/http-status.ts'
import type { RestSettings } from '../rest-options.ts'
import { findFormRoute } from './form-override.ts'
import { OTHER_PROTOCOLS, readRestHead } from './read-rest-head.ts'
import type { RestCodec } from './rest-codec.ts'
import type { RestOperation } from './rest-operation.ts'
import { createRestReader } from './rest-reader.ts'
import { RestResponder } from './rest-responder.ts'
import { type RestRoute, RestRoutes } from './rest-routes.ts'

const CONNECT_GET = /[?&]connect=v1(?:&|$)/

/**
 * Creates the two protocols of REST, for one lane. The first has the routes of both, so that the order of precedence holds across them:
 *
 * - single messages of JSON, which may be compressed as a whole;
 * - streams, and bodies of any content type (`google.api.HttpBody`), which are never compressed.
 */
export function createRestProtocols(settings: RestSettings): readonly ServerProtocol[] {
  const routes = new RestRoutes(settings)
  const common = commonParts(settings, routes)
  const find = ({ method, path }: HeadSource) => routes.find(method, path)
  const findAny = (head: HeadSource) => findFormRoute(routes, head) ?? find(head)
  const whole: ServerProtocol = Object.freeze<ServerProtocol>({
    ...common,
    ...ownPathParts(routes, settings, ({ isPlain }) => isPlain),
    contentTypes: ['application/json'],
    compression: { header: 'content-encoding', acceptHeader: 'accept-encoding', isByMessage: false },
    createRoutes(methods, prefix) {
      routes.compile(methods, { prefix, protocolOf: ({ isPlain }) => (isPlain ? whole : streaming) })
      return { all: routes.mounted, find: settings.methodOverride ? findAny : find }
    },
  })
  const streaming: ServerProtocol = Object.freeze<ServerProtocol>({
    ...common,
    ...ownPathParts(routes, settings, ({ isPlain }) => !isPlain),
    contentTypes: ['application/json', 'application/x-ndjson'],
    compression: null,
    heartbeat: heartbeatOf(settings.streams.heartbeatMs),
  })
  return Object.freeze([whole, streaming])
}

/** Keeps the streams alive whose format has something that clients ignore. */
function heartbeatOf(heartbeatMs: number): ProtocolHeartbeat {
  return {
    intervalMsOf: ({ codec }) => ((codec as RestCodec).stream?.heartbeat ? heartbeatMs : 0),
    beat: ({ exchange, plan }) => exchange.write((plan.codec as RestCodec).stream?.heartbeat ?? NO_OCTETS),
  }
}

const NO_OCTETS = new Uint8Array(0)

type OwnPathParts = Pick<ServerProtocol, 'verbsOf' | 'read'>
type CommonParts = Omit<ServerProtocol, keyof OwnPathParts | 'contentTypes' | 'compression' | 'createRoutes'>

/** A binding may have the path of the method itself, where the Connect protocol has unary calls, too. */
function ownPathParts(
  routes: RestRoutes,
  settings: RestSettings,
  isOurs: (operation: RestOperation) => boolean,
): OwnPathParts {
  const ownRoute = (entry: ServedMethod, verb: string) =>
    routes.atOwnPath(entry).find(({ operation, verbs }) => isOurs(operation) && verbs.includes(verb))
  return {
    verbsOf(entry) {
      const own = routes.atOwnPath(entry)
      return own.length === 0
        ? NO_VERBS
        : own.filter(({ operation }) => isOurs(operation)).flatMap(({ verbs }) => verbs)
    },
    read(head, entry, route): HeadReading | null {
      const found = route === null ? ownRoute(entry, head.method) : (route as RestRoute)
      if (found === undefined || (route === null && isConnect(head))) return null
      return readRestHead(head, found, settings)
    },
  }
}

const NO_VERBS: readonly string[] = Object.freeze([])

function commonParts(settings: RestSettings, routes: RestRoutes): CommonParts {
  const responder = new RestResponder(settings)
  return {
    name: 'rest',
    option: 'rest',
    hasHttpStatus: true,
    isEnveloped: false,
    isHalfDuplex: true,
    overheadBytes: 0,
    carries: () => true,
    contentType: (codec) => codec,
    recognises: (head, isMethod) => !isOther(head, isMethod) && routes.owns(head, isMethod),
    requestHeader: settings.requestHeader ?? undefined,
    timeoutMsOf,
    createReader: (exchange, plan) => createRestReader(exchange, plan, routes.prefix.length),
    reply: (answer, message, isCompressed) => responder.reply(answer, message, isCompressed),
    begin: (answer) => responder.begin(answer),
    write: (answer, message) => responder.write(answer, message),
    end: (answer, error) => responder.end(answer, error),
    fail: (answer, error) => responder.fail(answer, error),
    refuse: (error, head, httpStatus) => refuse({ error, httpStatus }, head, settings),
    endingCodeOf: codeInBody,
  }
}

/** Whether a request is one of another protocol, which would not understand a refusal in the form of REST. */
function isOther(head: CallHead, isMethod: boolean): boolean {
  return OTHER_PROTOCOLS.test(head.contentType.essence) || (isMethod && isConnect(head))
}

/** Whether a request to the path of a method says that it is a unary call of Connect (Connect protocol, Unary-Request). */
function isConnect(head: CallHead): boolean {
  return head.get(VERSION_HEADER) !== undefined || (head.method === 'GET' && CONNECT_GET.test(head.path))
}

/** Seconds as Google's APIs have them, or the field of gRPC or Connect. */
function timeoutMsOf(head: CallHead): number | undefined {
  return (
    head.timeoutMs('x-server-timeout', parseServerTimeout) ??
    head.timeoutMs('grpc-timeout', parseGrpcTimeout) ??
    head.timeoutMs('connect-timeout-ms', parseConnectTimeout)
  )
}

/** Refuses in the form that the client wants errors in. */
function refuse(
  { error, httpStatus = httpStatusOf(error) }: { error: ConnectError; httpStatus: number | undefined },
  head: CallHead,
  settings: RestSettings,
): Refusal {
  const form = errorFormFor(head, settings.errors)
  const code = refusalCode(error.code, httpStatus)
  const writing = { form, registry: undefined, json: settings.jsonOptions }
  const body = Buffer.from(errorJson({ error, code, httpStatus }, writing))
  return { head: ResponseBlock.once(httpStatus, [{ name: 'content-type', value: errorContentType(form) }]), body, code }
}
