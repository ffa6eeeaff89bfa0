/** Commands of the client program over targets, and its `channel`, as processes. */
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import path from 'node:path'
import { create, toBinary } from '@bufbuild/protobuf'
import { describe, expect, test } from 'vitest'
import { SayHelloResponseSchema } from '../../gen/greeter/v1/greeter_pb.js'
import { envelop } from '../../wire/envelope.ts'
import { runProgram, spawnProgram } from '../support/client-program.ts'
import { startDemo } from '../support/demo-server.ts'
import { GRPC_HEAD, refuse, startGrpcServer } from '../support/grpc-server.ts'
import { listenRaw } from '../support/listen-raw.ts'
import { outputLines } from '../support/output-lines.ts'
import { temporaryFile } from '../support/temporary-file.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

/** 64 and the code UNAVAILABLE. */
const EXIT_UNAVAILABLE = 78
const UNAVAILABLE = 14

/** Passes each connection on to a port of this machine. */
function passOn(socket: Socket, port: number): void {
  const upstream = connect(port, '127.0.0.1')
  upstream.on('error', () => socket.destroy())
  socket.on('error', () => {})
  socket.once('close', () => upstream.destroy())
  socket.pipe(upstream).pipe(socket)
}

/** A port that closes every connection, or a given number before it forwards the rest. */
async function startSurly({ times = Number.POSITIVE_INFINITY, port = 0 } = {}): Promise<string> {
  let connections = 0
  const server = createServer((socket) => {
    connections += 1
    if (connections <= times) socket.destroy()
    else passOn(socket, port)
  })
  return `127.0.0.1:${await listenRaw(server)}`
}

/** Its first attempts fail with UNAVAILABLE. */
async function startFlaky(failures: number) {
  const message = toBinary(SayHelloResponseSchema, create(SayHelloResponseSchema, { message: 'at last' }))
  const server = await startGrpcServer((stream, { attempt }) => {
    if (attempt < failures) refuse(stream, UNAVAILABLE)
    else stream.reply(GRPC_HEAD, envelop(0, message), [{ name: 'grpc-status', value: '0' }])
  })
  return { origin: `http://127.0.0.1:${server.port}`, heads: server.heads }
}

describe('an address can be a target', () => {
  test('of several servers, one of which is reachable', async () => {
    const { host } = await startDemo()
    const target = `static:///${await startSurly()},${host}`
    expect(await runProgram(['hello', 'World', '-a', target, '--plaintext'])).toEqual({
      code: 0,
      stdout: 'Hello World\n',
      stderr: '',
    })
    const { stdout } = await runProgram(['list', target, '--plaintext'])
    expect(stdout).toContain('greeter.v1.GreeterService\n')
    const call = ['call', target, 'greeter.v1.GreeterService/SayHello', '-d', '{"name":"you"}', '--plaintext']
    expect(JSON.parse((await runProgram(call)).stdout)).toEqual({ message: 'Hello you' })
  })

  test('of a Unix socket', async () => {
    const { port } = await startDemo()
    const folder = await temporaryFolder()
    const socketPath = path.join(folder, 'app.sock')
    await listenRaw(
      createServer((socket) => passOn(socket, port)),
      { path: socketPath },
    )
    const { stdout } = await runProgram(['hello', 'World', '-a', `unix:${socketPath}`, '--plaintext'])
    expect(stdout).toBe('Hello World\n')
    const { stdout: report } = await runProgram(['channel', `unix:${socketPath}`, '--plaintext'])
    expect(report).toContain(`unix:${socketPath} READY`)
  })
})

describe('calls are retried', () => {
  test('as often as --retry says', async () => {
    const { origin, heads } = await startFlaky(2)
    expect(await runProgram(['hello', 'x', '-a', origin, '--retry', '2'])).toMatchObject({
      code: 0,
      stdout: 'at last\n',
    })
    expect(heads.map((head) => head.get('grpc-previous-rpc-attempts'))).toEqual([undefined, '1', '2'])
  })

  test('per the service config, unless --no-retry', async () => {
    const retryPolicy = {
      maxAttempts: 2,
      initialBackoff: '0.01s',
      maxBackoff: '1s',
      backoffMultiplier: 2,
      retryableStatusCodes: ['UNAVAILABLE'],
    }
    const config = JSON.stringify({ methodConfig: [{ name: [{}], retryPolicy }] })
    const flag = ['--service-config', `@${await temporaryFile('config.json', config)}`]
    const { origin } = await startFlaky(1)
    expect(await runProgram(['hello', 'x', '-a', origin, ...flag])).toMatchObject({ code: 0 })
    const other = await startFlaky(1)
    const end = await runProgram(['hello', 'x', '-a', other.origin, ...flag, '--no-retry'])
    expect(end.code).toBe(EXIT_UNAVAILABLE)
    expect(other.heads).toHaveLength(1)
  })
})

test('--wait-for-ready waits for a server that is not up yet', async () => {
  const { port } = await startDemo()
  const hasty = await runProgram(['hello', 'World', '--plaintext', '-a', await startSurly({ times: 1, port })])
  expect(hasty.code).toBe(EXIT_UNAVAILABLE)
  const address = await startSurly({ times: 1, port })
  const patient = await runProgram(['hello', 'World', '--plaintext', '--wait-for-ready', '-a', address])
  expect(patient).toEqual({ code: 0, stdout: 'Hello World\n', stderr: '' })
})

describe('channel', () => {
  test('shows a connection, and exits with 0', async () => {
    const { origin, host } = await startDemo()
    const { code, stdout, stderr } = await runProgram(['channel', origin])
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(/^target: dns:\/\/\/127\.0\.0\.1:\d+\nstate: READY since .+\npolicy: pick_first\n/)
    expect(stdout).toContain(`\n${host} READY since `)
    expect(stdout).toMatch(/127\.0\.0\.1:\d+ to 127\.0\.0\.1:\d+, cleartext, 0 of \d+ streams/)
  })

  test('connects to all addresses with round_robin, to one without', async () => {
    const hosts = [(await startDemo()).host, (await startDemo()).host, (await startDemo()).host]
    const argv = ['channel', `static:///${hosts.join()}`, '--plaintext', '--json']
    const statesOf = async (...flags: string[]) => {
      const { stdout } = await runProgram([...argv, ...flags])
      const { addresses, policy } = JSON.parse(stdout)
      return { policy, states: addresses.map(({ state }: { state: string | null }) => state) }
    }
    const { policy, states } = await statesOf('--lb', 'round_robin')
    expect(policy).toBe('round_robin')
    expect(states).toHaveLength(3)
    expect(states).toContain('READY')
    expect(states).not.toContain('IDLE')
    expect(await statesOf()).toEqual({ policy: 'pick_first', states: ['READY', 'IDLE', 'IDLE'] })
  })

  test('exits with 1 if no server is reachable in time, and says why', async () => {
    const address = await startSurly()
    const { code, stdout, stderr } = await runProgram(['channel', address, '--plaintext', '--timeout', '200ms'])
    expect(code).toBe(1)
    expect(stdout).toContain(`${address} `)
    expect(stderr).toMatch(/^error: the channel is \w+, and was not READY within 200 ms\n$/)
  })

  test('--watch prints each change until interrupted', async () => {
    const app = await startDemo()
    const child = spawnProgram(['channel', app.origin, '--watch'])
    const seen = outputLines(child.stdout, (line) => line.split(' ').slice(1).join(' '))
    await seen.until('channel READY')
    expect(seen.lines).toEqual(['channel CONNECTING', `${app.host} CONNECTING`, `${app.host} READY`, 'channel READY'])
    await app.drain()
    await seen.until('channel TRANSIENT_FAILURE')
    expect(seen.lines).toContain('channel IDLE')
    expect(seen.lines.some((line) => line.startsWith(`${app.host} TRANSIENT_FAILURE: `))).toBe(true)
    const exit = once(child, 'exit')
    child.kill('SIGINT')
    expect(await exit).toEqual([0, null])
  })

  test('--watch --json prints one object per line', async () => {
    const { origin, host } = await startDemo()
    const child = spawnProgram(['channel', origin, '--watch', '--json'])
    const seen = outputLines(child.stdout, (line) => {
      const { at, address, state, error } = JSON.parse(line)
      expect(Date.parse(at)).not.toBeNaN()
      return JSON.stringify([address, state, error])
    })
    await seen.until('[null,"READY",null]')
    expect(seen.lines).toContain(`["${host}","CONNECTING",null]`)
    const exit = once(child, 'exit')
    child.kill('SIGTERM')
    expect(await exit).toEqual([0, null])
  })

  test('rejects --watch with --timeout', async () => {
    const { code, stderr } = await runProgram(['channel', 'http://a', '--watch', '--timeout', '1s'])
    expect(code).toBe(2)
    expect(stderr).toContain('--watch and --timeout cannot be used together')
  })
})
