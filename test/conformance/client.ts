/**
 * The program that the conformance runner starts to test our client: it reads descriptions of calls from standard input,
 * makes each, and writes how it went to standard output. A few are under way at once, as their servers like to wait.
 */
import { create } from '@bufbuild/protobuf'
import { createClient } from '@connectrpc/connect'
import {
  type ClientCompatRequest,
  ClientCompatRequestSchema,
  type ClientCompatResponse,
  ClientCompatResponseSchema,
} from '../gen/connectrpc/conformance/v1/client_compat_pb.js'
import { ConformanceService } from '../gen/connectrpc/conformance/v1/service_pb.js'
import { makeCall } from './client-call.ts'
import { ClientTransports } from './client-transports.ts'
import { readMessages, writeMessage } from './messages.ts'

const MAX_CALLS = 8

await using transports = new ClientTransports()
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
    const client = createClient(ConformanceService, transports.for(request))
    const value = await makeCall(client, request)
    return create(ClientCompatResponseSchema, { testName, result: { case: 'response', value } })
  } catch (thrown) {
    const value = { message: String(thrown) }
    return create(ClientCompatResponseSchema, { testName, result: { case: 'error', value } })
  }
}
