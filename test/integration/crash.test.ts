/** A process with an uncaught error: it logs the error, drains, and exits with 1. */
import { createServer } from 'node:net'
import { expect, test } from 'vitest'
import { sayHello } from '../support/calls.ts'
import { exchangeHttp2 } from '../support/exchange.ts'
import { listenRaw } from '../support/listen-raw.ts'
import { openStream } from '../support/open-stream.ts'
import { ServerProcess } from '../support/server-process.ts'

/** Other code in the process of the server, which fails at each SIGUSR2. */
const FAULTS = {
  'a throw': `setTimeout(() => { throw new Error('nobody caught this') })`,
  'a rejection': `Promise.reject(new Error('nobody caught this'))`,
  'a throw of no error': `setTimeout(() => { throw undefined })`,
  'an object that cannot be looked at': `setTimeout(() => { throw { get message() { throw 1 }, get stack() { throw 1 } } })`,
} as const

async function listen(fault: string, args: readonly string[] = []) {
  const module = `process.on('SIGUSR2', () => { ${fault} })`
  return ServerProcess.listen(args, { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(module)}` })
}

const fatal = (server: ServerProcess) => server.lines.filter(({ level }) => level === 60)

test.each(Object.entries(FAULTS))('%s ends an idle server with exit code 1, and is logged', async (_what, fault) => {
  const { server, origin } = await listen(fault)
  expect((await exchangeHttp2(origin, sayHello('grpc'))).status).toBe(200)
  server.kill('SIGUSR2')
  expect(await server.exited).toBe(1)
  expect(fatal(server)).toHaveLength(1)
  expect(server.lines.at(-1)).toMatchObject({ msg: 'stopped', code: 1 })
  expect(server.stderr).toBe('')
})

test('open calls may finish before the process exits', async () => {
  const { server, origin } = await listen(FAULTS['a throw'])
  const call = await openStream(origin)
  server.kill('SIGUSR2')
  await server.untilLine((line) => line.startsWith('uncaught error'))
  call.finish()
  expect(await call.ended).toBe('0')
  expect(await server.exited).toBe(1)
})

test('the process exits in time, whatever its calls do and whatever else is thrown', async () => {
  const { server, origin } = await listen(`setInterval(() => { throw new Error('again') }, 20)`, [
    '--drain-timeout',
    '300ms',
  ])
  const call = await openStream(origin)
  server.kill('SIGUSR2')
  expect(await call.ended).not.toBe('0')
  expect(await server.exited).toBe(1)
  expect(fatal(server).length).toBeGreaterThan(1)
  expect(server.lines.filter(({ msg }) => msg === 'stopped')).toHaveLength(1)
})

test('a crash during a drain makes the exit code 1', async () => {
  const { server, origin } = await listen(FAULTS['a rejection'])
  const call = await openStream(origin)
  server.kill('SIGTERM')
  await server.untilLine((line) => line.startsWith('draining'))
  server.kill('SIGUSR2')
  await server.untilLine((line) => line.startsWith('uncaught error'))
  call.finish()
  expect(await server.exited).toBe(1)
  expect(server.lines.filter(({ msg }) => msg === 'stopped')).toEqual([expect.objectContaining({ code: 1 })])
})

test('an IPv6 address in use is reported in brackets', async () => {
  const blocker = createServer()
  const port = await listenRaw(blocker, { port: 0, host: '::1' })
  const server = new ServerProcess(['--port', String(port), '--host', '::1'])
  expect(await server.exited).toBe(1)
  expect(server.stderr).toContain(`[::1]:${port} is in use`)
})

test.each([
  ['a drain', '', 'SIGTERM', 0],
  ['an uncaught error', FAULTS['a throw'], 'SIGUSR2', 1],
] as const)('%s loses no line of the access log', async (_what, fault, signal, code) => {
  const { server, origin } = await listen(fault)
  const calls = Array.from({ length: 200 }, (_, n) => exchangeHttp2(origin, sayHello('grpc', `caller ${n}`)))
  await Promise.all(calls)
  server.kill(signal)
  expect(await server.exited).toBe(code)
  expect(server.lines.filter(({ msg, code }) => msg === 'call' && code === 'ok')).toHaveLength(200)
  expect(server.lines.at(-1)).toMatchObject({ msg: 'stopped' })
})
