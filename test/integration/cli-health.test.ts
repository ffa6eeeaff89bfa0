/** `portico health`, the probe: its output and exit codes for every state of a server, over every way to it. */
import { once } from 'node:events'
import { createServer } from 'node:net'
import { Code, ConnectError } from '@connectrpc/connect'
import { describe, expect, onTestFinished, test } from 'vitest'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import { Health, HealthCheckResponse_ServingStatus as WireStatus } from '../../gen/health/v1/health_pb.js'
import { createApp } from '../../server/app.ts'
import { testCertificates } from '../support/certificates.ts'
import { runProgram, spawnProgram } from '../support/client-program.ts'
import { CLIENT_WAYS, flagsOf } from '../support/client-ways.ts'
import { startDemo, startRoutes } from '../support/demo-server.ts'
import { listenRaw } from '../support/listen-raw.ts'
import { outputLines } from '../support/output-lines.ts'
import { temporaryFile } from '../support/temporary-file.ts'

const GREETER = GreeterService.typeName
const EXIT = { notServing: 4, timeout: 68, unknownService: 69, noHealthService: 76, unreachable: 78 }

describe.each(['cleartext', 'TLS'])('over %s', (security) => {
  describe.each(CLIENT_WAYS)('by $protocol over HTTP/$httpVersion', (way) => {
    /** Starts a server, and probes it with these flags. */
    async function start() {
      const { ca, server: tls } = await testCertificates()
      const server = await startDemo(security === 'TLS' ? { listen: { tls } } : {})
      const flags = [...flagsOf(way)]
      if (security === 'TLS') flags.push('--ca', await temporaryFile('ca.pem', ca))
      const probe = (...more: string[]) => runProgram(['health', server.origin, ...flags, ...more])
      return { health: server.health, probe }
    }

    test('exits with 0 for a server, and a service, that is SERVING', async () => {
      const { probe } = await start()
      for (const service of [[], ['--service', GREETER], ['-s', '']]) {
        expect(await probe(...service)).toEqual({ code: 0, stdout: 'SERVING\n', stderr: '' })
      }
    })

    test('exits with 4 for one that is not, and prints what it is', async () => {
      const { probe, health } = await start()
      health.setStatus(GREETER, 'UNKNOWN')
      expect(await probe('--service', GREETER)).toEqual({
        code: EXIT.notServing,
        stdout: 'UNKNOWN\n',
        stderr: `error: ${GREETER} is UNKNOWN\n`,
      })
      health.shutdown()
      expect(await probe()).toEqual({
        code: EXIT.notServing,
        stdout: 'NOT_SERVING\n',
        stderr: 'error: the server is NOT_SERVING\n',
      })
    })

    test('exits with 69 for an unknown service', async () => {
      const { probe } = await start()
      const { code, stdout, stderr } = await probe('--service', 'nope')
      expect([code, stdout]).toEqual([EXIT.unknownService, ''])
      expect(stderr).toContain('not_found (5): unknown service')
    })
  })
})

test('--json prints an object, also for a server that is not serving', async () => {
  const { origin, health } = await startDemo()
  expect((await runProgram(['health', origin, '--json'])).stdout).toBe('{"service":"","status":"SERVING"}\n')
  health.setStatus(GREETER, 'NOT_SERVING')
  const { code, stdout } = await runProgram(['health', origin, '--json', '--service', GREETER])
  expect(code).toBe(EXIT.notServing)
  expect(JSON.parse(stdout)).toEqual({ service: GREETER, status: 'NOT_SERVING' })
})

describe.each(CLIENT_WAYS)('a server that gives no status, by $protocol over HTTP/$httpVersion', (way) => {
  const probe = (address: string, ...flags: string[]) => runProgram(['health', address, ...flagsOf(way), ...flags])

  test('is unreachable if nothing listens, or if it closes connections', async () => {
    const closing = await listenRaw(createServer((socket) => socket.destroy()))
    for (const port of [1, closing]) {
      const { code, stdout, stderr } = await probe(`http://127.0.0.1:${port}`)
      expect([code, stdout], stderr).toEqual([EXIT.unreachable, ''])
    }
  })

  test('exits with 76 if it has no health service', async () => {
    const { origin } = await startRoutes({ routes: () => {}, servesHealth: false })
    expect(await probe(origin)).toMatchObject({ code: EXIT.noHealthService, stdout: '' })
  })

  test('exits with 68 after the timeout', async () => {
    const silent = await listenRaw(createServer((socket) => socket.on('error', () => {}).resume()))
    const { code, stderr } = await probe(`http://127.0.0.1:${silent}`, '--timeout', '100ms')
    expect(code).toBe(EXIT.timeout)
    expect(stderr).toContain('--timeout of 100 ms exceeded while ')
  })
})

test('has a time limit of its own, unlike other commands', async () => {
  const seen: (number | undefined)[] = []
  const { origin } = await startDemo({ requestGate: ({ timeoutMs }) => void seen.push(timeoutMs()) })
  await runProgram(['health', origin])
  await runProgram(['call', origin, 'grpc.health.v1.Health/Check', '-d', '{}'])
  const [ofHealth = 0, ...others] = seen
  expect(ofHealth).toBeGreaterThan(0)
  expect(ofHealth).toBeLessThanOrEqual(5_000)
  expect(new Set(others)).toEqual(new Set([undefined]))
})

test.each([
  [['http://127.0.0.1:1', 'extra']],
  [['http://127.0.0.1:1', '--service']],
  [['http://127.0.0.1:1', '--watch', '--timeout', '1s']],
  [['not an address']],
  [[]],
])('exits with 2 for wrong arguments: %j', async (args) => {
  const { code, stdout } = await runProgram(['health', ...args])
  expect([code, stdout]).toEqual([2, ''])
})

test('the address can come from the environment, as in a container', async () => {
  const { origin } = await startDemo()
  const child = spawnProgram(['health'], { PORTICO_ADDRESS: origin })
  expect(await once(child, 'exit')).toEqual([0, null])
})

test('--watch prints each change, survives a restart of the server, and ends with 0 when interrupted', async () => {
  const server = await startDemo()
  const child = spawnProgram(['health', server.origin, '--service', GREETER, '--watch', '--json'])
  const seen = outputLines(child.stdout, (line) => {
    const { at, service, status, error } = JSON.parse(line)
    expect([Date.parse(at) > 0, service]).toEqual([true, GREETER])
    return status ?? String(error).replace(/:.*/, '')
  })
  await seen.until('SERVING')
  server.health.setStatus(GREETER, 'SERVING')
  await server.drain()
  await seen.until('unavailable')
  const restarted = await createApp({ routes: () => {}, logger: false })
  onTestFinished(async () => void (await restarted.drain()))
  restarted.health.setStatus(GREETER, 'UNKNOWN')
  await restarted.fastify.listen({ port: server.port, host: '127.0.0.1' })
  await seen.until('UNKNOWN')
  expect([...new Set(seen.lines)]).toEqual(['SERVING', 'NOT_SERVING', 'unavailable', 'UNKNOWN'])
  const exit = once(child, 'exit')
  child.kill('SIGINT')
  expect(await exit).toEqual([0, null])
})

test('--watch --json escapes controls of terminals in the text of a server', async () => {
  const watch = async function* () {
    yield { status: WireStatus.SERVING }
    throw new ConnectError('gone\u009b2J', Code.Unavailable)
  }
  const { origin } = await startRoutes({ routes: (router) => router.service(Health, { watch }), servesHealth: false })
  const child = spawnProgram(['health', origin, '--watch', '--json'])
  const seen = outputLines(child.stdout, (line) => line)
  await expect.poll(() => seen.lines.length, { timeout: 10_000 }).toBeGreaterThan(1)
  expect(seen.lines.join()).not.toContain('\u009b')
  expect(JSON.parse(seen.lines[1] ?? '').error).toBe('unavailable: gone\u009b2J')
})

test('--watch shows a service that is unknown, and its later registration', async () => {
  const { origin, health } = await startDemo()
  const child = spawnProgram(['health', origin, '--service', 'late', '--watch'])
  const seen = outputLines(child.stdout, (line) => {
    expect(line).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z \w+$/)
    return line.split(' ').slice(1).join(' ')
  })
  await seen.until('SERVICE_UNKNOWN')
  health.setStatus('late', 'SERVING')
  await seen.until('SERVING')
  expect(seen.lines).toEqual(['SERVICE_UNKNOWN', 'SERVING'])
})

test('--watch of a server that cannot be reached, or has no health service, fails at once', async () => {
  expect(await runProgram(['health', 'http://127.0.0.1:1', '--watch'])).toMatchObject({ code: EXIT.unreachable })
  const { origin } = await startRoutes({ routes: () => {}, servesHealth: false })
  expect(await runProgram(['health', origin, '--watch'])).toMatchObject({ code: EXIT.noHealthService, stdout: '' })
})
