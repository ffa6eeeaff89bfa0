/** Asks of an ordinary request what calls of a method must pass: gates and interceptors. For what describes an API. */
import type { DescMethod, Message } from '@bufbuild/protobuf'
import {
  type ContextValues,
  createContextValues,
  type HandlerContext,
  type Interceptor,
  type StreamRequest,
  type StreamResponse,
} from '@connectrpc/connect'
import type { FastifyRequest } from 'fastify'
import { CallPeer, fastifyRequestKey, peerKey } from '../rpc/context-keys.ts'
import { NodeHead } from '../rpc/exchange/node-request.ts'
import { type Middleware, middlewareFor } from '../rpc/middleware.ts'
import { joinGates, type RequestGate } from '../rpc/request-gate.ts'
import { connectionOf } from './node-transport.ts'

/** What calls must pass. */
export interface AdmissionRules {
  readonly middleware: readonly Middleware[]
  readonly requestGate: RequestGate | undefined
  readonly interceptors: readonly Interceptor[]
  readonly contextValues: ((request: FastifyRequest) => ContextValues) | undefined
}

/**
 * Runs what a call of the method, with the headers of the request and without messages, would pass before its handler.
 *
 * @returns the context that a handler would have
 * @throws what refuses the call
 */
export type AdmitRequest = (request: FastifyRequest) => Promise<HandlerContext>

/** @param method a streaming one: interceptors then see a request without messages */
export function createAdmitRequest(method: DescMethod, rules: AdmissionRules): AdmitRequest {
  const { requestGate, interceptors } = middlewareFor(method, rules.middleware)
  const gate = joinGates([requestGate, rules.requestGate].filter((each) => each !== undefined))
  const chain = [...interceptors, ...rules.interceptors]
  return async (request) => {
    const context = contextOf(request, method, rules.contextValues?.(request))
    await gate?.(context)
    if (chain.length > 0) await passAll(chain, context)
    return context
  }
}

function contextOf(
  request: FastifyRequest,
  method: DescMethod,
  values: ContextValues = createContextValues(),
): HandlerContext {
  const { raw, ip, headers, protocol, host, url } = request
  const source = { clientAddress: ip ?? '', connection: connectionOf(raw), head: new NodeHead(raw) }
  values.set(fastifyRequestKey, request).set(peerKey, new CallPeer(source, null))
  return {
    method,
    service: method.parent,
    protocolName: 'connect',
    requestMethod: request.method,
    url: `${protocol}://${host}${url}`,
    signal: new AbortController().signal,
    timeoutMs: () => undefined,
    requestHeader: headersOf(headers),
    responseHeader: new Headers(),
    responseTrailer: new Headers(),
    values,
  }
}

/** As hooks have left them. */
function headersOf(fields: FastifyRequest['headers']): Headers {
  const headers = new Headers()
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined || name.startsWith(':')) continue
    for (const each of [value].flat()) headers.append(name, each)
  }
  return headers
}

/** The innermost one answers without messages. The answer is read to its end, as interceptors may refuse while it is. */
async function passAll(interceptors: readonly Interceptor[], context: HandlerContext): Promise<void> {
  const { method, service, requestMethod, url, signal, requestHeader, values } = context
  const stream = { stream: true, method, service } as const
  const common = { requestMethod, url, signal, header: requestHeader, contextValues: values }
  const request = { ...stream, ...common, message: noMessages() } as StreamRequest
  const response = {
    ...stream,
    header: context.responseHeader,
    trailer: context.responseTrailer,
    message: noMessages(),
  }
  const run = interceptors.reduceRight<ReturnType<Interceptor>>(
    (next, interceptor) => interceptor(next),
    async () => response as StreamResponse,
  )
  const { message } = (await run(request)) as StreamResponse
  for await (const _ of message);
}

async function* noMessages(): AsyncGenerator<Message> {}
