/** The process edge: arguments, exit codes, and what goes to which stream. */
import { createServer } from 'node:net'
import { expect, test } from 'vitest'
import { sayHello } from '../support/calls.ts'
import { exchangeHttp2 } from '../support/exchange.ts'
import { listenRaw } from '../support/listen-raw.ts'
import { ServerProcess } from '../support/server-process.ts'

test('--help prints and exits with 0', async () => {
  const server = new ServerProcess(['--help', '--port', 'nonsense'])
  expect(await server.exited).toBe(0)
  expect(server.stdout).toMatch(/^Usage: node server/)
  expect(server.stdout).toContain('--drain-timeout')
  expect(server.stderr).toBe('')
})

test('invalid flags and variables are all reported at once, with exit code 2', async () => {
  const server = new ServerProcess(['--port', '99999', '--max-recieve', '1MiB', '--drain-timeout', '5'], {
    LOG_LEVEL: 'loud',
  })
  expect(await server.exited).toBe(2)
  for (const name of ['--port', '--max-recieve', '--drain-timeout', 'loud']) expect(server.stderr).toContain(name)
  expect(server.stderr).toMatch(/Try --help\.\n$/)
  expect(server.stdout).toBe('')
})

test('a port in use is reported in one sentence, with exit code 1', async () => {
  const port = await listenRaw(createServer())
  const server = new ServerProcess(['--port', String(port)])
  expect(await server.exited).toBe(1)
  expect(server.stderr).toBe(
    `127.0.0.1:${port} is in use: stop what listens there, or choose another port with --port\n`,
  )
})

test('a missing certificate is reported in one sentence, with exit code 1', async () => {
  const server = new ServerProcess(['--port', '0', '--tls-cert', '/nowhere/cert.pem', '--tls-key', '/nowhere/key.pem'])
  expect(await server.exited).toBe(1)
  expect(server.stderr).toContain('/nowhere/cert.pem')
  expect(server.stderr).not.toContain('    at ')
})

test('reads PORT and HOST from the environment', async () => {
  const server = new ServerProcess(['--log-format', 'json'], { PORT: '0', HOST: '127.0.0.1' })
  expect(await server.untilLine((line) => line.includes('listening at'))).toContain('127.0.0.1')
})

test.each(['SIGTERM', 'SIGINT'] as const)('an idle server that receives %s exits with 0', async (signal) => {
  const { server, origin } = await ServerProcess.listen()
  expect((await exchangeHttp2(origin, sayHello('grpc'))).status).toBe(200)
  server.kill(signal)
  expect(await server.exited).toBe(0)
  expect(server.stderr).toBe('')
})

test('SIGHUP without TLS reloads, and the server goes on', async () => {
  const { server, origin } = await ServerProcess.listen()
  server.kill('SIGHUP')
  await server.untilLine((message) => message === 'reloaded')
  expect((await exchangeHttp2(origin, sayHello('grpc'))).status).toBe(200)
  server.kill('SIGTERM')
  expect(await server.exited).toBe(0)
})
