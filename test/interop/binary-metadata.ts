/** Several values of one `-bin` key, in headers and trailers, by clients that refuse them joined by a comma; over a Unix socket. */
import path from 'node:path'
import { encodeBinaryHeader } from '@connectrpc/connect'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import { createApp } from '../../server/public.ts'
import { loadDefinitions } from '../support/greeter-definitions.ts'
import { GrpcJsClient } from '../support/grpc-js-client.ts'
import type { Check } from '../support/run-checks.ts'

const KEY = 'parts-bin'
const VALUES = [Uint8Array.of(0, 44, 255), Uint8Array.of(), new TextEncoder().encode('x'.repeat(100))]

/** The server, where it listens, and the check by grpc-js. */
export interface BinaryMetadataGround extends AsyncDisposable {
  /** `unix:` and a path. */
  readonly target: string
  readonly checks: readonly Check[]
}

/** Starts a server on a Unix socket; it goes on until the result is disposed of. */
export async function binaryMetadataChecks(folder: string): Promise<BinaryMetadataGround> {
  const socket = path.join(folder, 'metadata.sock')
  const app = await createApp({
    routes: (router) =>
      router.service(GreeterService, {
        sayHello({ name }, context) {
          for (const value of VALUES) {
            context.responseHeader.append(KEY, encodeBinaryHeader(value))
            context.responseTrailer.append(KEY, encodeBinaryHeader(value))
          }
          return { message: `Hello ${name}` }
        },
      }),
  })
  await app.fastify.listen({ path: socket })
  const target = `unix:${socket}`
  return {
    target,
    checks: [{ name: 'grpc-js client: several binary values over a Unix socket', run: () => expectValues(target) }],
    async [Symbol.asyncDispose]() {
      await app.drain()
    },
  }
}

async function expectValues(target: string): Promise<void> {
  const client = new GrpcJsClient(target, loadDefinitions())
  const seen: string[][] = []
  const read = (metadata: { get(key: string): (string | Buffer)[] }) =>
    seen.push(metadata.get(KEY).map((value) => Buffer.from(value).toString('hex')))
  try {
    await client.callUnary(
      GreeterService.typeName,
      'SayHello',
      { name: 'a' },
      {
        onCall: (call) => call.on('metadata', read).on('status', ({ metadata }) => read(metadata)),
      },
    )
  } finally {
    client.close()
  }
  const expected = VALUES.map((value) => Buffer.from(value).toString('hex'))
  if (JSON.stringify(seen) !== JSON.stringify([expected, expected])) throw new Error(`seen: ${JSON.stringify(seen)}`)
}
