/** The reference lane: Connect's own Fastify plugin answers the calls, over node:http and node:http2. */

import type { X509Certificate } from 'node:crypto'
import type { Socket } from 'node:net'
import type { DescMethod } from '@bufbuild/protobuf'
import {
  type ConnectRouter,
  type ConnectRouterOptions,
  type ContextValues,
  createContextValues,
  type HandlerContext,
} from '@connectrpc/connect'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { brotli, type Compression, gzip } from '../../wire/compression/compression.ts'
import { callOutcomeKey, guardLog, noteFailure, recordCallOutcome } from '../interceptors/call-outcome.ts'
import { RequestObservation } from '../listen/request-observation.ts'
import type { CollectedRoutes } from '../rpc/collect-routes.ts'
import { fastifyRequestKey, type Peer, peerKey } from '../rpc/context-keys.ts'
import type { PeerTls } from '../rpc/exchange/exchange.ts'
import { readConnection } from '../rpc/exchange/node-connection.ts'
import type { LaneOptions } from '../rpc/lane.ts'
import { DEFAULT_PROPAGATION, type Propagation } from '../rpc/propagation.ts'
import { joinGates, type RequestGate } from '../rpc/request-gate.ts'
import { defaultTimeoutMsOf } from '../rpc/service-options.ts'
import { abortInput, countCutShort, endAtCut } from './abort-interceptors.ts'
import { acceptableHook, checkBinaryMetadata, endBlockedWrite, limitTimeouts, standInHost } from './call-hooks.ts'
import { type ConnectPackages, loadConnectPackages } from './connect-packages.ts'
import { MiddlewareByMethod } from './middleware-by-method.ts'
import { refuseTwoContentTypes } from './refuse-call.ts'
import { runGateInScope, runInScope } from './scope-interceptor.ts'

/**
 * Mounts the routes on a Fastify scope, whose hooks all run for calls too.
 *
 * @throws Error that says what to install when Connect's own packages for Fastify are missing
 */
export async function mountReferenceLane(
  scope: FastifyInstance,
  routes: CollectedRoutes,
  options: LaneOptions,
): Promise<void> {
  const connect = await loadConnectPackages()
  const handlers = new Map<string, ConnectRouter['handlers'][number]>()
  scope.addHook('onRequest', refuseTwoContentTypes)
  const defaultTimeouts = new Map<string, number>()
  scope.addHook(
    'onRequest',
    limitTimeouts(options.maxTimeoutMs, (path) => defaultTimeouts.get(path) ?? 0),
  )
  scope.addHook('onRequest', standInHost)
  scope.addHook('onRequest', endBlockedWrite)
  scope.addHook(
    'onRequest',
    acceptableHook((path) => handlers.get(path)),
  )
  const { requestGate, switches, propagation = DEFAULT_PROPAGATION } = options
  const middleware = new MiddlewareByMethod(options.middleware ?? [])
  const cutters = options.cutSignal === undefined ? [] : [endAtCut(options.cutSignal)]
  const noteTimeout = (method: DescMethod, timeoutMs = options.defaultTimeoutMs ?? 0) =>
    defaultTimeouts.set(`${scope.prefix}/${method.parent.typeName}/${method.name}`, timeoutMs)
  /** The order matters: the outermost interceptor sees how a call ended, and the innermost ends its reads. */
  const defaults = {
    switches,
    outerInterceptors: [
      countCutShort(options.shutdownSignal, options.onCutShort ?? (() => {})),
      runInScope,
      recordCallOutcome,
      ...cutters,
      abortInput,
      middleware.interceptor,
    ],
    interceptors: [...options.interceptors],
    ...(requestGate === undefined ? {} : { requestGate }),
  }
  await scope.register(connect.fastifyConnectPlugin, {
    ...switches,
    acceptCompression: options.acceptCompression?.map((compression) => toConnectCompression(compression, connect)) ?? [
      connect.compressionGzip,
    ],
    readMaxBytes: options.maxReceiveBytes,
    writeMaxBytes: options.maxSendBytes,
    maxTimeoutMs: options.maxTimeoutMs,
    shutdownSignal: options.shutdownSignal,
    ...(options.compressMinBytes !== undefined && { compressMinBytes: options.compressMinBytes }),
    ...(options.binaryOptions !== undefined && { binaryOptions: options.binaryOptions }),
    requireConnectProtocolHeader: options.requiresConnectVersion ?? false,
    jsonOptions: { registry: options.registry, ...options.jsonOptions },
    interceptors: [...defaults.outerInterceptors, ...defaults.interceptors],
    contextValues: (request) => contextValuesOf(request, options),
    routes(router) {
      routes.mount(withAdmission(router, { connect, middleware, propagation, noteTimeout }), defaults)
      for (const handler of router.handlers) handlers.set(scope.prefix + handler.requestPath, handler)
    },
  })
}

/**
 * Converts a compression to Connect's interface, which is asynchronous. Connect's own is used where there is one, so
 * that the lane behaves as Connect does.
 */
function toConnectCompression(compression: Compression, connect: ConnectPackages): ConnectCompression {
  if (compression === gzip) return connect.compressionGzip
  if (compression === brotli) return connect.compressionBrotli
  return {
    name: compression.name,
    compress: async (data) => new Uint8Array(await compression.compress(data)),
    decompress: async (data, maxBytes) => new Uint8Array(await compression.decompress(data, maxBytes)),
  }
}

type ConnectCompression = ConnectPackages['compressionGzip']

/** What the admission of calls needs. */
interface AdmissionParts {
  readonly connect: ConnectPackages
  readonly middleware: MiddlewareByMethod
  readonly propagation: Propagation
  /** Records the default timeout of a method; undefined for that of the lane. */
  noteTimeout(method: DescMethod, timeoutMs: number | undefined): void
}

/** Returns a router that adds our own checks to each service, and runs its gates in the scope of the call. */
function withAdmission(router: ConnectRouter, parts: AdmissionParts): ConnectRouter {
  const admitting: ConnectRouter = {
    handlers: router.handlers,
    service(service, implementation, options = {}) {
      for (const method of service.methods) parts.noteTimeout(method, defaultTimeoutMsOf(options))
      router.service(service, implementation, withAdmissionGate(options, parts))
      return admitting
    },
    rpc(method, implementation, options = {}) {
      parts.noteTimeout(method, defaultTimeoutMsOf(options))
      router.rpc(method, implementation, withAdmissionGate(options, parts))
      return admitting
    },
  }
  return admitting
}

function withAdmissionGate(
  options: Partial<ConnectRouterOptions>,
  parts: AdmissionParts,
): Partial<ConnectRouterOptions> {
  const { connect, middleware } = parts
  const { acceptCompression, requestGate } = options
  const gates = [middleware.requestGate, ...(requestGate === undefined ? [] : [requestGate])]
  return {
    ...options,
    ...(acceptCompression !== undefined && {
      acceptCompression: acceptCompression.map((compression) => toConnectCompression(compression, connect)),
    }),
    requestGate: admissionOf(parts, joinGates(gates)),
  }
}

/** Every call passes our checks, even without a gate of its own. */
function admissionOf({ middleware, propagation }: AdmissionParts, gate: RequestGate | undefined): RequestGate {
  return (context) => runGateInScope(context, propagation, () => admit(context, middleware, gate))
}

/** Interceptors do not see calls that a gate refuses, so the outcome is noted here. */
async function admit(
  context: HandlerContext,
  middleware: MiddlewareByMethod,
  gate: RequestGate | undefined,
): Promise<void> {
  try {
    checkBinaryMetadata(context)
    middleware.admit(context)
    await gate?.(context)
  } catch (thrown) {
    throw noteFailure(thrown, context.values.get(callOutcomeKey))
  }
}

/** Sets what the native lane sets too, so that services see the same values on both lanes. */
function contextValuesOf(request: FastifyRequest, { contextValues }: LaneOptions): ContextValues {
  const values = contextValues?.(request) ?? createContextValues()
  const report = RequestObservation.of(request.raw) ?? null
  const outcome = { log: guardLog(request.log), report, trace: report?.trace }
  return values.set(fastifyRequestKey, request).set(peerKey, new RequestPeer(request)).set(callOutcomeKey, outcome)
}

/** The caller of a request that Fastify has. Reads the request and its socket on access. */
export class RequestPeer implements Peer {
  readonly #request: FastifyRequest

  constructor(request: FastifyRequest) {
    this.#request = request
  }

  get address(): string {
    return this.#request.ip ?? ''
  }

  get port(): number {
    const { remoteAddress, remotePort = 0 } = this.#request.socket
    return this.address === remoteAddress ? remotePort : 0
  }

  get tls(): PeerTls | undefined {
    return readConnection(socketOf(this.#request), '1.1').tls
  }

  get certificate(): X509Certificate | undefined {
    return this.tls?.certificate
  }
}

/** Returns the real socket: `request.socket` of node:http2 is a proxy that hides most of it. */
function socketOf({ raw, socket }: FastifyRequest): Socket {
  const { stream } = raw as { readonly stream?: { readonly session?: { readonly socket: Socket } } }
  return stream?.session?.socket ?? socket
}
