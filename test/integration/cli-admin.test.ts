/** `portico admin`: its tables, its JSON and its exit codes, over every way to a server. */
import { create, toBinary } from '@bufbuild/protobuf'
import { createClient } from '@connectrpc/connect'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createTransport } from '../../client/node/transport.ts'
import { GetServersResponseSchema } from '../../gen/channelz_pb.js'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import { envelop } from '../../wire/envelope.ts'
import { testCertificates } from '../support/certificates.ts'
import { runProgram } from '../support/client-program.ts'
import { CLIENT_WAYS, flagsOf } from '../support/client-ways.ts'
import { startRoutes } from '../support/demo-server.ts'
import { GRPC_HEAD, startGrpcServer } from '../support/grpc-server.ts'
import { LogCapture } from '../support/log-capture.ts'
import { temporaryFile } from '../support/temporary-file.ts'
import { TerminalProcess } from '../support/terminal-process.ts'

const EXIT = { failure: 1, usage: 2, invalidArgument: 67, permissionDenied: 71, unimplemented: 76 }

async function start(security: 'cleartext' | 'TLS' = 'cleartext') {
  const { ca, server: tls } = await testCertificates()
  const logged = new LogCapture()
  const server = await startRoutes({
    routes: (router) => router.service(GreeterService, { sayHello: () => ({}) }),
    logger: logged.logger,
    admin: {
      authorize: ({ requestHeader }) => requestHeader.get('authorization') === 'Bearer planted-secret-operator',
    },
    ...(security === 'TLS' && { listen: { tls } }),
  })
  const flags = ['-H', 'authorization: Bearer planted-secret-operator']
  if (security === 'TLS') flags.push('--ca', await temporaryFile('ca.pem', ca))
  const admin = (...args: string[]) => runProgram(['admin', server.origin, ...args, ...flags])
  return { ...server, logged, admin }
}

const VIEWS = [
  ['server', 'addresses'],
  ['servers', 'LISTENS ON'],
  ['channels', 'STATE'],
  ['sockets', 'server '],
  ['config', 'listen.idleTimeoutMs'],
  ['log-level', 'debug'],
  ['reload', 'log level'],
] as const

test.each(VIEWS)('%s is a table, or JSON', async (view, expected) => {
  const { admin } = await start()
  const { code, stdout, stderr } = await admin(view)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout).toContain(expected)
  expect(JSON.parse((await admin(view, '--json')).stdout)).toBeTypeOf('object')
})

describe.each(['cleartext', 'TLS'] as const)('over %s', (security) => {
  test.each(CLIENT_WAYS)('by $protocol over HTTP/$httpVersion it reads both services', async (way) => {
    const { admin, host } = await start(security)
    for (const view of ['server', 'sockets']) {
      const { code, stdout, stderr } = await admin(view, ...flagsOf(way))
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
      expect(stdout).toContain(host)
    }
  })
})

test('shows the server without WHAT, and takes the address from the flag', async () => {
  const { origin, admin } = await start()
  const { stdout } = await admin()
  expect(stdout).toMatch(/^SERVER\nportico +\d/)
  expect(stdout).toContain('/greeter.v1.GreeterService/SayHello')
  const flags = ['-a', origin, '-H', 'authorization: Bearer planted-secret-operator']
  expect((await runProgram(['admin', 'log-level', ...flags])).stdout).toBe(
    'LEVEL  CONFIGURED  RETURNS AT\ndebug  debug\n',
  )
})

test('log-level LEVEL sets it, with --for only for a time', async () => {
  const { admin, logged } = await start()
  expect((await admin('log-level', 'error')).stdout).toBe('LEVEL  CONFIGURED  RETURNS AT\nerror  debug\n')
  expect(logged.logger.level).toBe('error')
  const { stdout } = await admin('log-level', 'warn', '--for', '10m', '--json')
  expect(JSON.parse(stdout)).toEqual({ level: 'warn', configuredLevel: 'debug', revertsAt: expect.any(String) })
})

test('reload exits with 1 if a part was not reloaded, and names it', async () => {
  const { admin, onReload } = await start()
  onReload('policy', () => {
    throw new Error('a secret')
  })
  expect(await admin('reload')).toEqual({
    code: EXIT.failure,
    stdout: 'PART       RELOADED\nlog level  yes\npolicy     no\n',
    stderr: 'error: not reloaded: policy; the log of the server says why\n',
  })
})

test('channels are followed by their subchannels, and sockets say whose they are', async () => {
  const { admin, port } = await start()
  const target = `ipv4:127.0.0.1:${port}`
  const transport = createTransport({ target })
  onTestFinished(() => transport.close())
  await createClient(GreeterService, transport).sayHello({})
  const channels = (await admin('channels')).stdout.split('\n')
  const at = channels.findIndex((line) => line.includes(target))
  expect(channels[at]).toMatch(/^\d+ +READY +ipv4:127\.0\.0\.1:\d+ +1 +1 +0 +20/)
  expect(channels[at + 1]).toMatch(/^ {2}\d+ +READY +127\.0\.0\.1:\d+ +1 +1 +0 +20/)
  const { stdout, stderr } = await admin('sockets')
  expect(stdout).toMatch(/\d+ +server \d+ +127\.0\.0\.1:\d+ +127\.0\.0\.1:\d+/)
  expect(stdout).toMatch(/\d+ +subchannel \d+ +127\.0\.0\.1:\d+ +127\.0\.0\.1:\d+/)
  expect(stderr).toBe('')
  const cut = await admin('sockets', '--limit', '1')
  expect(cut.stderr).toBe('there are more: raise --limit to see them\n')
})

test('a caller that is not allowed, and a server without the services, have the exit codes of their status', async () => {
  const { origin } = await start()
  const denied = await runProgram(['admin', origin])
  expect(denied.code).toBe(EXIT.permissionDenied)
  expect(denied.stderr).toBe('error: permission_denied (7): not allowed to manage this server\n')
  const plain = await startRoutes({ routes: () => {} })
  expect((await runProgram(['admin', plain.origin])).code).toBe(EXIT.unimplemented)
  const { admin } = await start()
  expect((await admin('log-level', 'loud')).code).toBe(EXIT.invalidArgument)
})

test.each([
  [['http://127.0.0.1:1', 'sokets'], 'unknown WHAT "sokets"; did you mean sockets?'],
  [['http://127.0.0.1:1', 'config', 'more'], 'unexpected argument "more"'],
  [['http://127.0.0.1:1', 'log-level', '--for', '5m'], '--for needs log-level LEVEL'],
  [['http://127.0.0.1:1', 'log-level', 'warn', '--for', '5'], '--for "5" must be a duration'],
  [['http://127.0.0.1:1', 'sockets', '--limit', 'x'], '--limit "x" must be a whole number'],
  [['sockets'], 'ADDRESS is missing before sockets'],
])('%j is a usage error', async (args, text) => {
  const { code, stdout, stderr } = await runProgram(['admin', ...args])
  expect({ code, stdout }).toEqual({ code: EXIT.usage, stdout: '' })
  expect(stderr).toContain(text)
})

test('a server whose pages do not advance does not hold the program', async () => {
  const page = create(GetServersResponseSchema, { server: [{ ref: { serverId: 5n, name: 'loop' } }], end: false })
  let calls = 0
  const server = await startGrpcServer((stream) => {
    calls += 1
    stream.reply(GRPC_HEAD, envelop(0, toBinary(GetServersResponseSchema, page)), [{ name: 'grpc-status', value: '0' }])
  })
  const { code, stdout } = await runProgram(['admin', `http://127.0.0.1:${server.port}`, 'servers'])
  expect(code).toBe(0)
  expect(stdout).toContain('loop')
  expect(calls).toBe(2)
})

test('on a terminal the header is bold unless NO_COLOR is set', async () => {
  const { origin } = await start()
  const args = ['client/index.js', 'admin', origin, 'log-level', '-H', 'authorization: Bearer planted-secret-operator']
  const plain = new TerminalProcess(args, { NO_COLOR: '1' })
  const bold = new TerminalProcess(args)
  expect(await plain.exited).toBe(0)
  expect(await bold.exited).toBe(0)
  expect(plain.output).toContain('LEVEL  CONFIGURED  RETURNS AT\n')
  expect(plain.output).not.toContain('\u001b[1m')
  expect(bold.output).toContain('\u001b[1mLEVEL  CONFIGURED  RETURNS AT\u001b[22m')
})
