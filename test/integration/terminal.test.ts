/** What `serve` shows on a terminal, and that it shows none of it elsewhere. */
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, onTestFinished, test } from 'vitest'
import { version } from '../../wire/version.ts'
import { testCertificates } from '../support/certificates.ts'
import { runCommand } from '../support/command.ts'
import { isRunning } from '../support/processes.ts'
import { ServerProcess } from '../support/server-process.ts'
import { temporaryFile } from '../support/temporary-file.ts'
import { TerminalProcess } from '../support/terminal-process.ts'

const ROOT = path.resolve(import.meta.dirname, '../..')
const SERVER = path.join(ROOT, 'server')
const urlOf = (file: string) => JSON.stringify(pathToFileURL(path.join(ROOT, file)).href)

const ESCAPE = '\u001b'
const RED = `${ESCAPE}[31m`
const END = /Ctrl-C drains/

/** A greeter that fails depending on the name. */
const SHOP = `
import { Code, ConnectError } from '@connectrpc/connect'
import { serve } from ${urlOf('server/public.ts')}
import { GreeterService } from ${urlOf('gen/greeter/v1/greeter_pb.js')}
await serve({
  name: 'shop',
  version: '3.2.1',
  setup: (fastify) => fastify.addHook('onListen', async () => console.error('STARTED')),
  routes: (router) => router.service(GreeterService, {
    sayHello({ name }) {
      if (name === 'crash') throw new TypeError('x is\\n not a function\\u001b[2J')
      if (name === 'nobody') throw new ConnectError('no such person', Code.NotFound)
      return { message: \`Hello \${name}\` }
    },
  }),
})
`.replaceAll("'@connectrpc/connect'", JSON.stringify(import.meta.resolve('@connectrpc/connect')))

/** Runs a command that the banner shows, as it stands there. */
function runShown(line: string): Promise<string> {
  return runCommand({ program: 'bash', args: ['-c', line], cwd: ROOT })
}

function sayHello(origin: string, name: string): Promise<Response> {
  return fetch(`${origin}/greeter.v1.GreeterService/SayHello`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name }),
  })
}

test('a terminal shows what started, and two working example commands', async () => {
  const server = new TerminalProcess([SERVER, '--port', '0'], { NO_COLOR: '1' })
  await server.until(END)
  expect(server.output).toMatch(new RegExp(`^\\n  Portico ${version.replaceAll('.', '\\.')} ready in \\d+ ms\\n`))
  expect(server.output).toMatch(/\n {2}http:\/\/127\.0\.0\.1:\d+\n/)
  expect(server.output).toMatch(/\n {2}greeter\.v1\.GreeterService\n {4}SayHello +unary +GET \/v1\/hello\/\{name\}\n/)
  expect(server.output).toMatch(/\n {4}AllStream +bidirectional stream\n/)
  expect(server.output).toContain(
    '\n  also: a page at /, the console at /console/, health (grpc.health.v1), reflection (v1, v1alpha), probes (/livez, /readyz)\n',
  )
  expect(server.output).not.toContain(ESCAPE)
  expect(server.output).not.toContain('listening at')

  const [, curl = '', list = ''] = await server.until(/\n {2}\$ (curl .*)\n {2}\$ (node client list .*)\n/)
  expect(JSON.parse(await runShown(curl))).toEqual({ message: 'Hello World' })
  expect(await runShown(list)).toContain('greeter.v1.GreeterService\n')
  await server.until(
    /\n\d\d:\d\d:\d\d\.\d{3} ok +\d+\.?\d* ms rest +greeter\.v1\.GreeterService\/SayHello verb=GET route=\/v1\/hello\/\{name\}\n/,
  )
  server.pressCtrlC()
  await server.until(/INFO +draining; .* signal=SIGINT/)
  expect(await server.exited).toBe(0)
})

test('failed calls are red, with their reason and error id', async () => {
  const server = new TerminalProcess([await temporaryFile('shop.mts', SHOP), '--port', '0'])
  await server.until(END)
  expect(server.output).toContain(`${ESCAPE}[1mshop 3.2.1 on Portico ${version}${ESCAPE}[22m`)
  expect(server.output).not.toContain('a page at /')
  const [origin] = await server.until(/http:\/\/127\.0\.0\.1:\d+/)
  await sayHello(origin, 'nobody')
  await server.until(/\[31mnot_found.*: no such person/)
  expect(server.output).toContain(`${RED}: no such person${ESCAPE}[39m`)
  await sayHello(origin, 'crash')
  const [, id = ''] = await server.until(/: TypeError: x is\\u000a not a function\\u001b\[2J \(error ([\w-]+)\)/)
  expect(server.output).toMatch(new RegExp(`ERROR.*a handler failed.*errorId=${id}`))
  expect(server.output).toContain('\n    TypeError: x is\n')
  await sayHello(origin, 'Bob')
  await server.until(/\[32mok /)
})

test.each([
  [[], 'curl -k ', ' --insecure', 1],
  [['--cleartext'], 'curl http:', '', 2],
])('with TLS %j addresses and examples have their true scheme', async (flags, curlBegin, listEnd, count) => {
  const { server: pair } = await testCertificates()
  const cert = await temporaryFile('cert.pem', pair.cert)
  const key = await temporaryFile('key.pem', pair.key)
  const server = new TerminalProcess([SERVER, '--port', '0', '--tls-cert', cert, '--tls-key', key, ...flags])
  await server.until(END)
  expect(server.output).toMatch(/https:\/\/127\.0\.0\.1:\d+/)
  const addresses = server.output.match(/^ {2}\S*https?:\S+$/gm)
  expect(addresses).toHaveLength(count)
  const [, curl = '', list = ''] = await server.until(/\$\S* (curl .*)\n.*\$\S* (node client list .*)\n/)
  expect(curl.startsWith(curlBegin)).toBe(true)
  expect(list.endsWith(listEnd)).toBe(true)
  expect(JSON.parse(await runShown(curl))).toEqual({ message: 'Hello World' })
  expect(await runShown(list)).toContain('greeter.v1.GreeterService\n')
})

describe('colours', () => {
  test.each<[env: Record<string, string>, isColored: boolean]>([
    [{}, true],
    [{ NO_COLOR: '1' }, false],
    [{ NO_COLOR: '' }, true],
    [{ FORCE_COLOR: '0' }, false],
    [{ TERM: 'dumb' }, false],
  ])('on a terminal with %j: %s', async (env, isColored) => {
    const server = new TerminalProcess([SERVER, '--port', '0'], env)
    await server.until(END)
    expect(server.output.includes(ESCAPE)).toBe(isColored)
  })

  test.each<[env: Record<string, string>, isColored: boolean]>([
    [{}, false],
    [{ FORCE_COLOR: '1' }, true],
  ])('of --log-format pretty without a terminal with %j: %s', async (env, isColored) => {
    const server = new ServerProcess(['--port', '0', '--log-format', 'pretty'], env)
    await expect.poll(() => server.stdout, { timeout: 20_000 }).toContain('listening at')
    expect(server.stdout.includes(ESCAPE)).toBe(isColored)
    expect(server.stdout).not.toMatch(END)
  })
})

test('without a terminal all lines are JSON, even with FORCE_COLOR', async () => {
  const server = new ServerProcess(['--port', '0'], { FORCE_COLOR: '1' })
  await server.untilLine((line) => line.includes('listening at'))
  server.kill('SIGTERM')
  expect(await server.exited).toBe(0)
  const lines = server.stdout.trimEnd().split('\n')
  expect(lines.map((line) => typeof JSON.parse(line))).toEqual(lines.map(() => 'object'))
  expect(server.stdout).not.toContain(ESCAPE)
})

test('--log-format json is JSON on a terminal, too', async () => {
  const server = new TerminalProcess([SERVER, '--port', '0', '--log-format', 'json'])
  await server.until(/listening at.*\n/)
  expect(
    server.output
      .trimEnd()
      .split('\n')
      .map((line) => typeof JSON.parse(line)),
  ).toEqual(['object'])
})

test('no banner is shown at log level warn', async () => {
  const server = new TerminalProcess([await temporaryFile('shop.mts', SHOP), '--port', '0', '--log-level', 'warn'])
  await server.until(/STARTED/)
  server.pressCtrlC()
  expect(await server.exited).toBe(0)
  expect(server.output.replace('^C', '')).toBe('STARTED\n')
})

test('a server whose terminal is closed drains and ends', async () => {
  const script = await temporaryFile('shop.ts', SHOP.replace("'STARTED'", "'PID ' + process.pid + '.'"))
  const terminal = new TerminalProcess([script, '--port', '0'])
  const pid = Number((await terminal.until(/PID (\d+)\./))[1])
  onTestFinished(() => {
    if (isRunning(pid)) process.kill(pid, 'SIGKILL')
  })
  terminal.close()
  await expect.poll(() => isRunning(pid), { timeout: 10_000 }).toBe(false)
})
