/**
 * Restarts servers under load: `node test/fleet/restarts.ts [rounds]`. In each round a server joins, and another gets SIGTERM while four
 * clients that retry call at half of what the machine carries: gRPC, gRPC-Web, and Connect over HTTP/1.1 and HTTP/2. No call may be
 * lost, and each server must exit with 0 within its drain timeout. Ends with 1 where an expectation is violated.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createClient } from '@connectrpc/connect'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import { Fleet } from './fleet.ts'
import { FleetClient, type FleetClientOptions } from './fleet-client.ts'
import type { FleetMember } from './fleet-member.ts'
import { filePlace } from './fleet-place.ts'
import { Verdicts } from './verdict.ts'

const DEFAULT_ROUNDS = 3

const CLIENTS: readonly Pick<FleetClientOptions, 'name' | 'protocol' | 'httpVersion'>[] = [
  { name: 'gRPC', protocol: 'grpc' },
  { name: 'gRPC-Web', protocol: 'grpc-web' },
  { name: 'Connect over HTTP/1.1', protocol: 'connect', httpVersion: '1.1' },
  { name: 'Connect over HTTP/2', protocol: 'connect' },
]

/** The default of `--drain-timeout`. */
const GRACE_MS = 25_000
const CONNECT_LIMIT_MS = 10_000
/** How long clients call without a pause to warm up, how long to measure what the machine carries, and how many calls each has open. */
const WARM_UP_MS = 1_000
const MEASURE_MS = 1_500
const OPEN_CALLS = 16
/** How long it takes until a server that leaves is no longer published, as endpoints of Kubernetes are. */
const UNPUBLISH_MS = 300
/** How long clients call before the first signal, and after the last. */
const STEADY_MS = 1_000

/** The clients, connected to the fleet. */
function connectClients(fleet: Fleet, callsPerSecond: number): FleetClient[] {
  const common = { place: fleet.place, retry: true, callsPerSecond: callsPerSecond / CLIENTS.length }
  return CLIENTS.map((client) => new FleetClient({ ...common, ...client }))
}

/** Returns the calls per second that the clients reach together. */
async function measureCapacity(fleet: Fleet): Promise<number> {
  const clients = connectClients(fleet, 0)
  let calls = 0
  const fromMs = performance.now() + WARM_UP_MS
  const untilMs = fromMs + MEASURE_MS
  const callers = clients.flatMap(({ transport }) => {
    const { sayHello } = createClient(GreeterService, transport)
    return Array.from({ length: OPEN_CALLS }, async () => {
      while (performance.now() < untilMs) {
        await sayHello({ name: 'Ada' })
        if (performance.now() > fromMs) calls++
      }
    })
  })
  await Promise.all(callers)
  await Promise.all(clients.map(({ transport }) => transport.close()))
  return (calls * 1_000) / MEASURE_MS
}

/** Replaces a server, and returns the new one. */
async function replace(fleet: Fleet, leaving: FleetMember, clients: readonly FleetClient[], verdicts: Verdicts) {
  // Every other server waits for balancers before it closes its port.
  const kind = fleet.members.length % 2 === 0 ? 'product' : 'patient'
  const [joined] = await fleet.start(1, kind)
  if (joined === undefined) throw new Error('no server joined')
  await fleet.publish()
  const { address } = joined
  await Promise.all(clients.map((client) => client.timeUntil((ready) => ready.includes(address), CONNECT_LIMIT_MS)))
  await sleep(STEADY_MS)
  const startedAtMs = performance.now()
  leaving.signal('SIGTERM')
  await sleep(UNPUBLISH_MS)
  fleet.setServing(leaving, false)
  await fleet.publish()
  const code = await leaving.exited
  const tookMs = Math.round(performance.now() - startedAtMs)
  const what = `${leaving.name} exits with 0 within ${GRACE_MS} ms`
  verdicts.expect(what, code === 0 && tookMs < GRACE_MS, `exit code ${code} after ${tookMs} ms`)
  return joined
}

/** What became of the calls of a client. */
function judge({ name, log, load, transport }: FleetClient, verdicts: Verdicts): void {
  const failures = log.calls.filter(({ outcome }) => outcome !== 'OK')
  const example = failures.length === 0 ? '' : `, as ${JSON.stringify(failures[0])}`
  const retries = log.attempts.length - log.calls.length
  const seen = `${failures.length} of ${log.calls.length} calls, ${retries} retries${example}`
  verdicts.expect(`no call is lost, ${name}`, failures.length === 0 && log.calls.length > 0, seen)
  const faults = load?.faults ?? []
  verdicts.expect(`no wrong answer, ${name}`, faults.length === 0, `${faults.length} ${faults[0] ?? ''}`)
  const { started, succeeded, failed } = transport.inspect().calls
  verdicts.expect(
    `every call has ended, ${name}`,
    started === succeeded + failed,
    `${succeeded + failed} of ${started}`,
  )
}

async function runRestarts(fleet: Fleet, rounds: number): Promise<Verdicts> {
  const verdicts = new Verdicts()
  const serving = await fleet.start(2, 'product')
  await fleet.publish()
  const capacity = await measureCapacity(fleet)
  process.stdout.write(`capacity: ${Math.round(capacity)} calls per second\n`)
  const clients = connectClients(fleet, capacity / 2)
  await Promise.all(clients.map((client) => client.timeUntil((ready) => ready.length === 2, CONNECT_LIMIT_MS)))
  for (const client of clients) client.startLoad()
  for (let round = 0; round < rounds; round++) {
    const leaving = serving.shift()
    if (leaving === undefined) throw new Error('no server is left')
    serving.push(await replace(fleet, leaving, clients, verdicts))
  }
  await sleep(STEADY_MS)
  await Promise.all(clients.map(({ load }) => load?.stop()))
  for (const client of clients) judge(client, verdicts)
  await Promise.all(clients.map(({ transport }) => transport.close()))
  return verdicts
}

const folder = await mkdtemp(path.join(tmpdir(), 'restarts-'))
try {
  await using fleet = new Fleet(filePlace(folder))
  const verdicts = await runRestarts(fleet, Number(process.argv[2] ?? DEFAULT_ROUNDS))
  process.stdout.write(`${verdicts}\n`)
  process.exitCode = verdicts.hold ? 0 : 1
} finally {
  await rm(folder, { recursive: true })
}
