/** Calls through a proxy by our client and by grpc-js, and how many of them fail. */
import { Code, ConnectError, createClient } from '@connectrpc/connect'
import { status } from '@grpc/grpc-js'
import { createTransport } from '../../../client/node/transport.ts'
import type { TransportOptions } from '../../../client/node/transport-options.ts'
import { GreeterService } from '../../../gen/greeter/v1/greeter_pb.js'
import { loadDefinitions } from '../../support/greeter-definitions.ts'
import { GrpcJsClient } from '../../support/grpc-js-client.ts'

/** One call: rejects when it fails. */
type Call = (name: string) => Promise<unknown>

/** As our client calls SayHello. */
export async function withOurClient<T>(options: TransportOptions, use: (call: Call) => Promise<T>): Promise<T> {
  const transport = createTransport(options)
  const greeter = createClient(GreeterService, transport)
  try {
    return await use((name) => greeter.sayHello({ name }))
  } finally {
    await transport.close()
  }
}

/** As grpc-js calls SayHello. */
export async function withGrpcJs<T>(target: string, use: (call: Call) => Promise<T>): Promise<T> {
  const client = new GrpcJsClient(target, loadDefinitions())
  try {
    return await use((name) => client.callUnary(GreeterService.typeName, 'SayHello', { name }))
  } finally {
    client.close()
  }
}

/**
 * Runs concurrent callers, each with one call after the other.
 *
 * @throws Error with the number of failed calls and the first failure
 */
export async function expectAllAnswered(call: Call, callers: number, calls: number): Promise<void> {
  const failures: string[] = []
  const caller = async () => {
    for (let count = 0; count < calls; count++) await call('proxy').catch((error) => failures.push(String(error)))
  }
  await Promise.all(Array.from({ length: callers }, caller))
  if (failures.length > 0) throw new Error(`${failures.length} of ${callers * calls} failed: ${failures[0]}`)
}

/** @throws Error unless the call fails with UNAVAILABLE and a message that has the part */
export async function expectUnavailable(call: Call, part: string): Promise<void> {
  const error = await call('proxy').then(
    () => undefined,
    (failure: unknown) => failure,
  )
  const code = error instanceof ConnectError ? error.code : (error as { readonly code?: number } | undefined)?.code
  if (code !== Code.Unavailable || code !== (status.UNAVAILABLE as number))
    throw new Error(`UNAVAILABLE expected: ${error}`)
  if (!String(error).includes(part)) throw new Error(`"${part}" is missing in: ${error}`)
}
