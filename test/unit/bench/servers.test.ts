import { expect, test } from 'vitest'
import { checkExchange } from '../../../bench/exchange.ts'
import { SERVER_WORKLOADS } from '../../../bench/servers/server-cells.ts'
import { serversOf } from '../../../bench/servers/servers.ts'
import { SMALL_CALL } from '../../../bench/servers/unary.ts'
import { startServer } from '../../../bench/start-server.ts'

/** Checks that need no other language. */
const SERVERS = serversOf({ grpcGo: '', tonic: undefined }).filter(({ program }) => program.program !== '')

function nodeProgram(source: string) {
  return { program: process.execPath, args: ['--eval', source] }
}

test.each(SERVERS)('$name responds to its workloads', async ({ program, abilities }) => {
  const exchanges = SERVER_WORKLOADS.filter(({ needs }) => abilities.includes(needs)).map(({ exchange }) => exchange)
  expect(exchanges).not.toEqual([])
  await using server = await startServer(program)
  for (const exchange of new Set(exchanges)) await checkExchange(server.address, exchange)
})

test('a response that differs in a byte is an error', async () => {
  const peer = SERVERS.find(({ name }) => name === 'node-http2')
  await using server = await startServer(peer?.program ?? nodeProgram(''))
  const reply = Buffer.from(SMALL_CALL.reply)
  reply[reply.length - 1] = 0
  await expect(checkExchange(server.address, { ...SMALL_CALL, reply })).rejects.toThrow('instead of')
})

test('a failed call is an error', async () => {
  const peer = SERVERS.find(({ name }) => name === 'grpc-js')
  await using server = await startServer(peer?.program ?? nodeProgram(''))
  const unserved = { ...SMALL_CALL, path: '/greeter.v1.GreeterService/Nothing' }
  await expect(checkExchange(server.address, unserved)).rejects.toThrow('grpc-status 12')
})

test('reports the resource usage of a server', async () => {
  await using server = await startServer(
    nodeProgram(`process.stderr.write('listening on 127.0.0.1:1\\n'); setInterval(() => {}, 60_000)`),
  )
  await server.settle()
  expect(await server.cpuSeconds()).toBeGreaterThan(0)
  expect(await server.residentBytes()).toBeGreaterThan(1_000_000)
})

test('reports why a server exited before listening', async () => {
  await expect(startServer(nodeProgram(`throw new Error('no luck')`))).rejects.toThrow('no luck')
})

test('reports why a server exited later', async () => {
  await using server = await startServer(
    nodeProgram(`process.stderr.write('listening on 127.0.0.1:1\\nbad news\\n', () => process.exit(1))`),
  )
  await expect(
    (async () => {
      while (true) await server.settle()
    })(),
  ).rejects.toThrow('bad news')
})
