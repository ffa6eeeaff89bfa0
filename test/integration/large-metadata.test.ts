/** Metadata of up to 128 fields and 64 KiB comes back from a server, in the head and in the trailers. */
import { Code, ConnectError } from '@connectrpc/connect'
import { describe, expect, test } from 'vitest'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import { startRoutes } from '../support/demo-server.ts'
import { openGreeter } from '../support/open-greeter.ts'

/** So many fields of so many octets each. */
function fill(headers: Headers, name: string, { fields, bytes }: { fields: number; bytes: number }): void {
  for (let i = 0; i < fields; i++) headers.set(`${name}-${i}`, 'v'.repeat(bytes))
}

const count = (headers: Headers, name: string) => [...headers.keys()].filter((key) => key.startsWith(`${name}-`)).length

describe.each([
  ['110 fields', { fields: 110, bytes: 10 }],
  ['33 KB', { fields: 3, bytes: 11_000 }],
  ['60 KB in one field', { fields: 1, bytes: 60_000 }],
])('%s', (_what, amount) => {
  test.each(['grpc', 'connect'] as const)('over %s', async (protocol) => {
    const { origin } = await startRoutes({
      lane: 'native',
      routes: (router) =>
        router.service(GreeterService, {
          sayHello({ name }, { responseHeader, responseTrailer }) {
            const metadata = name === 'head' ? responseHeader : responseTrailer
            fill(metadata, 'own', amount)
            return { message: 'hello' }
          },
        }),
    })
    const { client } = openGreeter({ baseUrl: origin, protocol })
    for (const name of ['head', 'end']) {
      let got = 0
      const note = (headers: Headers) => {
        got += count(headers, 'own')
      }
      expect(await client.sayHello({ name }, { onHeader: note, onTrailer: note })).toMatchObject({ message: 'hello' })
      expect(got).toBe(amount.fields)
    }
  })
})

test('more than that is RESOURCE_EXHAUSTED, and the connection goes on', async () => {
  const { origin } = await startRoutes({
    lane: 'native',
    routes: (router) =>
      router.service(GreeterService, {
        sayHello({ name }, { responseTrailer }) {
          if (name === 'many') fill(responseTrailer, 'own', { fields: 140, bytes: 1 })
          return { message: 'hello' }
        },
      }),
  })
  const { client } = openGreeter({ baseUrl: origin })
  const error = await client.sayHello({ name: 'many' }).then(() => undefined, ConnectError.from)
  expect(error?.code).toBe(Code.ResourceExhausted)
  expect(await client.sayHello({ name: 'few' })).toMatchObject({ message: 'hello' })
})
