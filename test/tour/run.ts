/**
 * `npm run tour`: shows the nine functions of gRPC on a fleet of a frontend and two backends, each in its own process, and a browser.
 * Every sentence that it prints is checked. docs/tour.md explains the steps.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { type Client, Code, ConnectError } from '@connectrpc/connect'
import { SignJWT } from 'jose'
import { createClient, createTransport } from '../../client/node/public.ts'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import { Health, HealthCheckResponse_ServingStatus as ServingStatus } from '../../gen/health/v1/health_pb.js'
import { bundleModule } from '../support/browser-bundle.ts'
import { launchChromium } from '../support/chromium.ts'
import { PAGE_SCRIPT } from './page-script.ts'
import { TourProcess } from './tour-process.ts'

const SECRET = 'a secret of at least thirty-two bytes'
/** The tour takes about ten seconds on an idle machine. */
const LIMIT_MS = 180_000
const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'

// Thrown outside of everything, it ends this process, and with it the fleet.
setTimeout(() => {
  throw new Error(`the tour is not over after ${LIMIT_MS} ms`)
}, LIMIT_MS).unref()

await using cleanup = new AsyncDisposableStack()
const folder = await mkdtemp(path.join(tmpdir(), 'tour-'))
cleanup.defer(() => rm(folder, { recursive: true }))

const token = await new SignJWT({ sub: 'Ada' })
  .setProtectedHeader({ alg: 'HS256' })
  .setIssuer('tour')
  .setAudience('tour')
  .setExpirationTime('5m')
  .sign(new TextEncoder().encode(SECRET))
const headers = { authorization: `Bearer ${token}` }

const page = path.join(folder, 'page.js')
await writeFile(page, await bundleModule(PAGE_SCRIPT))
const collector = createServer((request, response) => {
  request.resume().on('end', () => response.end())
  if (request.url === '/v1/traces') exports += 1
}).listen(0, '127.0.0.1')
await once(collector, 'listening')
cleanup.defer(() => void collector.close())
let exports = 0
const collectorOrigin = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`
const [north, south] = (await Promise.all(
  ['north', 'south'].map((id) => TourProcess.start('backend.ts', ['--id', id], collectorOrigin)),
)) as [TourProcess, TourProcess]
cleanup.use(north)
cleanup.use(south)
const endpoints = path.join(folder, 'endpoints.json')
await publish(north)
const settings = ['--backends', `file://${endpoints}`, '--secret', SECRET, '--page', page]
const frontend = await TourProcess.start('frontend.ts', settings, collectorOrigin)
cleanup.use(frontend)
const transport = createTransport({ baseUrl: frontend.origin })
cleanup.defer(() => transport.close())
const greeter = createClient(GreeterService, transport)
say('A frontend, and two backends: north and south. The frontend knows north.')

await showMetadata()
await showNameResolution()
await showLoadBalancing()
await showHealth()
await showKeepalive()
await showInterceptors()
await showAuthentication()
await showDeadlinesAndRetry()
await showTracing()
process.stdout.write('\nAll nine functions were shown.\n')

async function showMetadata(): Promise<void> {
  step('Metadata')
  const metadata: string[] = []
  await greeter.sayHello(
    { name: 'Ada' },
    {
      headers: { ...headers, 'x-md-global-tenant': 'blue', 'x-md-local-hop': '1' },
      onHeader: (fields) => metadata.push(`header ${fields.get('x-backend')}`),
      onTrailer: (fields) => metadata.push(`trailer ${fields.get('x-backend-greetings-bin')}`),
    },
  )
  assert.deepEqual(metadata, ['header north', 'trailer AAEC'])
  say('The call came back with a header and a binary trailer of the backend.')
  const greetings = () => north.since(0, 'greeting')
  await until(async () => greetings().length > 0)
  const [greeting] = greetings()
  assert.equal(greeting?.tenant, 'blue')
  assert.equal(greeting?.local, null)
  say('x-md-global-tenant reached the backend behind the frontend, x-md-local-hop did not.')
}

async function showNameResolution(): Promise<void> {
  step('Name resolution')
  await publish(north, south)
  await until(async () => (await backendOf()) === 'south')
  say('South was added to the list of backends, and calls reach it. Nothing was restarted.')
}

async function showLoadBalancing(): Promise<void> {
  step('Load balancing')
  // A backend that closes a connection in between gets fewer.
  await until(async () => isDeepStrictEqual(await countBackends(20), { north: 10, south: 10 }))
  say('Of 20 calls, each backend answered 10.')
}

async function showHealth(): Promise<void> {
  step('Health')
  await fetch(`${north.origin}/database/down`, { method: 'POST' })
  await until(async () => (await fetch(`${north.origin}/readyz`)).status === 503)
  say('The database of north is down: /readyz says 503.')
  await until(async () => (await statusOf(north)) === ServingStatus.NOT_SERVING)
  await until(async () => (await countBackends(4)).south === 4)
  say('Its gRPC health says NOT_SERVING, and all calls go to south. No call failed.')
  await fetch(`${north.origin}/database/up`, { method: 'POST' })
  await until(async () => (await countBackends(4)).north === 2)
  say('The database is back, and so is north.')
}

async function showKeepalive(): Promise<void> {
  step('Keepalive')
  const callsBefore = north.lines.length
  const callsUntil = performance.now() + 3_500
  while (performance.now() < callsUntil) {
    await backendOf()
    await sleep(20)
  }
  const connections = new Set(north.since(callsBefore, 'call').map(({ peer }) => peer))
  assert.ok(connections.size > 1, `${connections.size} connections`)
  say('Backends close connections of about a second gracefully. The frontend opened new ones, and no call failed.')
}

async function showInterceptors(): Promise<void> {
  step('Interceptors')
  const refusal = await failureOf(greeter.sayHello({ name: 'nobody' }, { headers }))
  assert.deepEqual([refusal.code, refusal.rawMessage], [Code.InvalidArgument, 'nobody is not greeted'])
  say('An interceptor of the frontend, which is selected for unary greetings, refused "nobody".')
}

async function showAuthentication(): Promise<void> {
  step('Authentication')
  for (const credentials of [
    {},
    { authorization: 'Bearer nonsense' },
    { authorization: `Bearer ${await expiredToken()}` },
  ]) {
    const { code } = await failureOf(greeter.sayHello({ name: 'Eve' }, { headers: credentials }))
    assert.equal(code, Code.Unauthenticated)
  }
  say('Callers without a token, with nonsense, and with an expired token are UNAUTHENTICATED.')
  const callers = new Set(frontend.since(0, 'asking a backend').map(({ caller }) => caller))
  assert.deepEqual(callers, new Set(['Ada']))
  say('The handler only ever saw Ada.')
  const health = createClient(Health, transport)
  assert.equal((await health.check({})).status, ServingStatus.SERVING)
  say('Health needs no token.')
}

async function showDeadlinesAndRetry(): Promise<void> {
  step('Deadlines and retry')
  const loggedBefore = [north.lines.length, south.lines.length] as const
  const { message } = await greeter.sayHello({ name: 'flaky' }, { headers, timeoutMs: 5_000 })
  assert.equal(message, 'Hello flaky')
  const attempts = () => [...north.since(loggedBefore[0], 'greeting'), ...south.since(loggedBefore[1], 'greeting')]
  await until(async () => attempts().length > 1)
  say('A backend answered UNAVAILABLE first, the frontend tried again, and the caller saw a success.')
  assert.ok(attempts().every(({ leftMs }) => Number(leftMs) > 0 && Number(leftMs) <= 5_000))
  say('Each attempt had what was left of the 5 s of the caller.')
}

async function showTracing(): Promise<void> {
  step('Tracing')
  const browser = await launchChromium()
  cleanup.defer(() => browser.close())
  const tab = await browser.newPage()
  await tab.goto(`${frontend.origin}/#${new URLSearchParams({ token, traceparent: TRACEPARENT })}`)
  await until(async () => (await tab.textContent('body'))?.endsWith('done') === true)
  assert.match(String(await tab.textContent('body')), /unauthenticated.*Hello browser/)
  say('A page called the frontend: as a stranger, who was refused, and then as Ada.')
  const [, traceId] = TRACEPARENT.split('-')
  const spansOf = (...servers: readonly TourProcess[]) =>
    servers.flatMap((server) => server.since(0, 'call').filter((line) => line.traceId === traceId))
  await until(async () => spansOf(frontend).length > 0 && spansOf(north, south).length > 0)
  const [atFrontend, atBackends] = [spansOf(frontend), spansOf(north, south)]
  assert.deepEqual([atFrontend.length, atBackends.length], [1, 1])
  assert.notEqual(atFrontend[0]?.spanId, atBackends[0]?.spanId)
  say('One trace, begun in the page, names the calls of frontend and backend in their logs.')
  await until(async () => exports >= 2)
  say('Both sent their spans to an OpenTelemetry collector.')
}

function step(name: string): void {
  process.stdout.write(`\n${name}\n`)
}

function say(sentence: string): void {
  process.stdout.write(`  ${sentence}\n`)
}

/** Writes the list of backends. Readers see the old list or the new one. */
async function publish(...backends: readonly TourProcess[]): Promise<void> {
  await writeFile(`${endpoints}.new`, JSON.stringify(backends.map(({ address }) => address)))
  await rename(`${endpoints}.new`, endpoints)
}

/** Greets, and returns the name of the backend that answered. */
async function backendOf(): Promise<string> {
  let name = ''
  const onHeader = (fields: Headers) => {
    name = fields.get('x-backend') ?? ''
  }
  await greeter.sayHello({ name: 'Ada' }, { headers, onHeader })
  return name
}

async function countBackends(calls: number): Promise<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (let call = 0; call < calls; call += 1) {
    const name = await backendOf()
    counts[name] = (counts[name] ?? 0) + 1
  }
  return counts
}

async function statusOf({ origin }: TourProcess): Promise<ServingStatus> {
  await using direct = createTransport({ baseUrl: origin })
  const client: Client<typeof Health> = createClient(Health, direct)
  return (await client.check({})).status
}

async function failureOf(call: Promise<unknown>): Promise<ConnectError> {
  return call.then(() => assert.fail('the call did not fail'), ConnectError.from)
}

async function expiredToken(): Promise<string> {
  return new SignJWT({ sub: 'Eve' })
    .setProtectedHeader({ alg: 'HS256' })
    .setIssuer('tour')
    .setAudience('tour')
    .setExpirationTime(0)
    .sign(new TextEncoder().encode(SECRET))
}

/** Waits until it holds, for 20 s at most. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  const limit = AbortSignal.timeout(20_000)
  while (!(await holds())) {
    limit.throwIfAborted()
    await sleep(50)
  }
}
