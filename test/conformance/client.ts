/**
 * The program that the conformance runner starts to test our client: it reads descriptions of calls from standard input,
 * makes each, and writes how it went to standard output. A few are under way at once, as their servers like to wait.
 *
 * `--upstream promise` and `--upstream callback` make the calls with the clients that connect-es tests its own transports with;
 * `--codec reflective` makes them with that codec; `--websockets` makes them with the transport of pages over WebSockets.
 */
import { parseArgs } from 'node:util'
import { create } from '@bufbuild/protobuf'
import { createClient, type Transport } from '@connectrpc/connect'
import {
  type ClientCompatRequest,
  ClientCompatRequestSchema,
  type ClientCompatResponse,
  ClientCompatResponseSchema,
  type ClientResponseResult,
} from '../gen/connectrpc/conformance/v1/client_compat_pb.js'
import { ConformanceService } from '../gen/connectrpc/conformance/v1/service_pb.js'
import { makeCall } from './client-call.ts'
import { ClientTransports } from './client-transports.ts'
import { readMessages, writeMessage } from './messages.ts'
import { invokeWithCallbackClient } from './upstream/callback-client.ts'
import { invokeWithPromiseClient } from './upstream/promise-client.ts'
import { WebSocketTransports } from './websocket-transports.ts'

type Invoke = (transport: Transport, request: ClientCompatRequest) => Promise<ClientResponseResult>

const MAX_CALLS = 8

const UPSTREAM: Readonly<Record<string, Invoke>> = {
  promise: invokeWithPromiseClient,
  callback: invokeWithCallbackClient,
}

const { values } = parseArgs({
  options: {
    upstream: { type: 'string', default: 'none' },
    codec: { type: 'string' },
    websockets: { type: 'boolean', default: false },
  },
})
const upstream = UPSTREAM[values.upstream]

await using transports = values.websockets
  ? await WebSocketTransports.start()
  : new ClientTransports(values.codec === 'reflective' ? 'reflective' : 'compiled')
const calls = new Set<Promise<void>>()
for await (const request of readMessages(ClientCompatRequestSchema, process.stdin)) {
  const call = answer(request).finally(() => calls.delete(call))
  calls.add(call)
  if (calls.size >= MAX_CALLS) await Promise.race(calls)
}
await Promise.all(calls)

async function answer(request: ClientCompatRequest): Promise<void> {
  writeMessage(ClientCompatResponseSchema, await runTestCase(request), process.stdout)
}

async function runTestCase(request: ClientCompatRequest): Promise<ClientCompatResponse> {
  const { testName } = request
  try {
    const value = await invoke(request)
    return create(ClientCompatResponseSchema, { testName, result: { case: 'response', value } })
  } catch (thrown) {
    const value = { message: String(thrown) }
    return create(ClientCompatResponseSchema, { testName, result: { case: 'error', value } })
  }
}

/** The clients of connect-es leave the timeout to the transport. */
async function invoke(request: ClientCompatRequest): Promise<ClientResponseResult> {
  if (upstream !== undefined) return await upstream(transports.for(request, request.timeoutMs), request)
  return await makeCall(createClient(ConformanceService, transports.for(request)), request)
}
