/** Hostile name resolution: silent or constantly changing DNS, and broken files. */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import path from 'node:path'
import { Code, type ConnectError } from '@connectrpc/connect'
import { expect, onTestFinished, test } from 'vitest'
import type { DnsLookup } from '../../client/node/resolver/dns-lookup.ts'
import { dnsResolver } from '../../client/node/resolver/dns-resolver.ts'
import type { TransportOptions } from '../../client/node/transport-options.ts'
import { runCommand } from '../support/command.ts'
import { startHttpServer } from '../support/http-server.ts'
import { openGreeter } from '../support/open-greeter.ts'
import { temporaryFile } from '../support/temporary-file.ts'

const ROOT = path.resolve(import.meta.dirname, '../..')

function connect(options: TransportOptions) {
  return openGreeter({ defaultTimeoutMs: 20_000, ...options })
}

/** A local DNS server that receives queries and never responds. */
async function startSilentDns(): Promise<number> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1')
  await once(socket, 'listening')
  onTestFinished(async () => {
    const closed = once(socket, 'close')
    socket.close()
    await closed
  })
  return socket.address().port
}

test.each(['dns://SERVER/greeter.example:80', 'srv://SERVER/_grpc._tcp.greeter.example'])(
  'calls to a silent DNS server, as %s, end at their deadlines, and keep no process alive',
  async (target) => {
    const place = target.replace('SERVER', `127.0.0.1:${await startSilentDns()}`)
    const program = `
      import { createClient } from '@connectrpc/connect'
      import { createTransport } from '${ROOT}/client/node/transport.ts'
      import { GreeterService } from '${ROOT}/gen/greeter/v1/greeter_pb.js'
      const transport = createTransport({ target: '${place}', defaultTimeoutMs: 100 })
      await createClient(GreeterService, transport).sayHello({}).catch(({ message }) => console.log(message))
      await transport.close()
    `
    const args = ['--input-type=module', '-e', program]
    expect(await runCommand({ program: process.execPath, args, cwd: ROOT })).toBe(
      '[deadline_exceeded] the deadline of 100 ms passed while the target was being resolved\n',
    )
  },
)

test('does not look up or wait for a service config when it is disabled', async () => {
  const server = await startHttpServer({ httpVersion: '2', greeter: { sayHello: () => ({ message: 'Hello' }) } })
  let asked = 0
  const lookup: DnsLookup = {
    addresses: async () => ['127.0.0.1'],
    texts() {
      asked += 1
      return new Promise(() => {})
    },
    services: async () => [],
  }
  const { client } = connect({
    target: `dns:///greeter.example:${server.port}`,
    resolvers: [dnsResolver({ createLookup: () => lookup })],
    serviceConfigFromResolver: false,
    defaultTimeoutMs: 4_000,
  })
  expect(await client.sayHello({})).toMatchObject({ message: 'Hello' })
  expect(asked).toBe(0)
})

test('changing DNS answers leave nothing of earlier ones behind', async () => {
  const { promise: isEnough, resolve } = Promise.withResolvers<void>()
  let lookups = 0
  const lookup: DnsLookup = {
    async addresses() {
      lookups += 1
      if (lookups === 200) resolve()
      return Array.from({ length: 10 }, (_, i) => `127.1.${lookups % 250}.${i + 1}`)
    },
    texts: async () => [],
    services: async () => [],
  }
  const { client, transport } = connect({
    target: 'dns:///greeter.example:1',
    resolvers: [dnsResolver({ createLookup: () => lookup, minIntervalMs: 1 })],
    serviceConfig: { loadBalancingConfig: [{ round_robin: {} }] },
  })
  // Nothing listens there, and each failure queries DNS again.
  const calling = setInterval(() => client.sayHello({}, { timeoutMs: 50 }).catch(() => {}), 5)
  await isEnough.finally(() => clearInterval(calling))
  expect(transport.inspect().addresses.length).toBeLessThanOrEqual(20)
})

test.each([
  ['is empty', ''],
  ['is cut off', '{"endpoints": ["127.0.0.1:80", "127.0'],
  ['is no JSON', '<html>'],
  ['has no endpoints', '{}'],
  ['has invalid endpoints', '{"endpoints": [1, null, {}, "a b"]}'],
  ['is nested without end', '['.repeat(1_000_000)],
  ['has an invalid weight', '[{"address": "127.0.0.1:80", "weight": -1}]'],
])('a file of endpoints that %s is UNAVAILABLE, and named', async (_what, content) => {
  const file = await temporaryFile('greeter.json', content)
  const { client } = connect({ target: `file://${file}` })
  const error = await client.sayHello({}).catch((thrown: ConnectError) => thrown)
  expect(error).toMatchObject({ code: Code.Unavailable })
  expect(String(error)).toContain(`${file} is not usable: `)
  expect(String(error).length).toBeLessThan(2_000)
})
