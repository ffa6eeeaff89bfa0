/**
 * A fleet of servers that loses some, wins some and may have a sick one, under load of two clients: one that retries and one that
 * does not. What has to hold:
 *
 * - With retries no call fails that the policy could save: only one that a lost server had begun to answer.
 * - Without, only calls fail that were under way on a lost server, as UNAVAILABLE.
 * - A server that leaves in peace, that joins, or that says it is ill, costs no call, with or without retries.
 * - A killed server is left out within a second, a silent one within the time and the timeout of keepalive, one that is
 *   ill within a second; one that joins is used within two.
 * - Within seconds from then on the servers that are left have equal shares.
 * - No call outlives the load, none is answered wrongly, and nothing is left open.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { Fleet } from './fleet.ts'
import { FleetClient, KEEPALIVE } from './fleet-client.ts'
import type { FleetMember, MemberKind } from './fleet-member.ts'
import type { FleetPlace } from './fleet-place.ts'
import { type Loss, unexcusedFailures } from './lost-calls.ts'
import { type FleetEvent, tableOf } from './table.ts'
import { Verdicts } from './verdict.ts'

/** How big it is, and what happens. */
export interface TrialOptions {
  /** Of both clients together. */
  readonly callsPerSecond: number
  readonly place: FleetPlace
  /** What happens under load, from when five servers have equal shares. */
  readonly scenario: (trial: Trial) => Promise<void>
}

/** The result. */
export interface TrialResult {
  readonly verdicts: Verdicts
  /** For people. */
  readonly report: string
}

const SERVERS = 5
const SECOND_MS = 1_000
/** By how much a busy machine may delay the client. */
const SLACK_MS = 1_000
/** How long shares are counted for, and by how much they may differ from equal ones: calls of the first and last tick. */
const WINDOW_MS = 1_500
const SHARE_TOLERANCE = 0.1
/**
 * How long it may take until shares are equal. The calls that waited for a silent server go to the others all at once; the
 * streams among them last up to two seconds, and may fill a connection meanwhile.
 */
const SHARES_LIMIT_MS = 5 * SECOND_MS
const CONNECT_LIMIT_MS = 10_000

/** Ends every process that it starts. */
export async function runTrial(options: TrialOptions): Promise<TrialResult> {
  await using trial = new Trial(options)
  await trial.run()
  return { verdicts: trial.verdicts, report: trial.report() }
}

/** A fleet under load, and what can happen to it. */
export class Trial implements AsyncDisposable {
  readonly verdicts = new Verdicts()
  readonly #options: TrialOptions
  readonly #fleet: Fleet
  readonly #clients: FleetClient[] = []
  readonly #losses: Loss[] = []
  readonly #events: FleetEvent[] = []
  #startedAtMs = 0

  constructor(options: TrialOptions) {
    this.#options = options
    this.#fleet = new Fleet(options.place)
  }

  /** The servers that calls go to, the oldest first. */
  get serving(): readonly FleetMember[] {
    return this.#fleet.serving
  }

  async run(): Promise<void> {
    await this.#fleet.start(SERVERS, 'product')
    await this.#fleet.publish()
    await this.#connectClients()
    this.#startedAtMs = performance.now()
    for (const client of this.#clients) client.startLoad()
    await this.expectShares('at the start')
    await this.#options.scenario(this)
    await Promise.all(this.#clients.map(({ load }) => load?.stop()))
    for (const client of this.#clients) this.#judge(client)
  }

  report(): string {
    const members = new Map(this.#fleet.members.map(({ address, name }) => [address, name]))
    const tables = this.#clients.map(({ name, log }) => {
      const table = tableOf({ log, members, startedAtMs: this.#startedAtMs, events: this.#events })
      return `${name}: ${log.calls.length} calls\n${table}`
    })
    return [...tables, this.verdicts].join('\n\n')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#clients.map(({ transport }) => transport.close()))
    await this.#fleet[Symbol.asyncDispose]()
  }

  async #connectClients(): Promise<void> {
    const common = { place: this.#fleet.place, callsPerSecond: this.#options.callsPerSecond / 2 }
    this.#clients.push(new FleetClient({ ...common, name: 'with retries', retry: true }))
    this.#clients.push(new FleetClient({ ...common, name: 'without retries', retry: false }))
    await this.#timesUntil((ready) => ready.length === SERVERS, CONNECT_LIMIT_MS)
  }

  /** Kills a server, or freezes it: without a GOAWAY, its connections break, or become silent. */
  async lose(member: FleetMember, signal: 'SIGKILL' | 'SIGSTOP'): Promise<void> {
    const foundWithinMs = signal === 'SIGKILL' ? SECOND_MS : KEEPALIVE.timeMs + KEEPALIVE.timeoutMs
    const atMs = performance.now()
    this.happen(`${signal} ${member.name}`)
    this.#fleet.setServing(member, false)
    member.signal(signal)
    const limitMs = foundWithinMs + SLACK_MS
    const tookMs = await this.#timesUntil((ready) => !ready.includes(member.address), limitMs)
    this.#losses.push({ address: member.address, atMs, foundAtMs: performance.now() })
    this.happen(`${member.name} is left out`)
    const what = `after ${signal} the server is left out within ${foundWithinMs} ms`
    this.verdicts.expect(what, tookMs < limitMs, `${Math.round(tookMs)} ms`)
    await this.expectShares(`after ${signal}`)
  }

  /** Drains servers, all at the same time. */
  async leave(...members: readonly FleetMember[]): Promise<void> {
    this.happen(`SIGTERM ${namesOf(members)}`)
    for (const member of members) {
      this.#fleet.setServing(member, false)
      member.signal('SIGTERM')
    }
    const codes = await Promise.all(members.map(({ exited }) => exited))
    this.happen(`${namesOf(members)} left`)
    const areZero = codes.every((code) => code === 0)
    this.verdicts.expect(`${namesOf(members)} drained`, areZero, `exit code ${codes.join(', ')}`)
  }

  /** Starts servers, and waits until they are used. */
  async join(count: number, kind: MemberKind): Promise<FleetMember[]> {
    const joined = await this.#fleet.start(count, kind)
    this.happen(`${namesOf(joined)} joined`)
    await this.#fleet.publish()
    const limitMs = 2 * SECOND_MS + SLACK_MS
    const areUsed = (ready: readonly string[]) => joined.every(({ address }) => ready.includes(address))
    const tookMs = await this.#timesUntil(areUsed, limitMs)
    const what = `${namesOf(joined)}, which joined, used within 2000 ms`
    this.verdicts.expect(what, tookMs < limitMs, `${Math.round(tookMs)} ms`)
    return joined
  }

  /** Makes a fickle server unhealthy, then healthy again. */
  async fallIll(member: FleetMember): Promise<void> {
    this.happen(`${member.name} is NOT_SERVING`)
    this.#fleet.setServing(member, false)
    member.signal('SIGUSR2')
    await this.expectShares('while one is NOT_SERVING')
    this.happen(`${member.name} is SERVING`)
    this.#fleet.setServing(member, true)
    member.signal('SIGUSR2')
    await this.expectShares('after it is SERVING again')
  }

  /** Notes an event for the report. */
  happen(what: string): void {
    this.#events.push({ atMs: performance.now(), what })
  }

  /** Waits for the last change to take effect, then counts attempts per server until all serving servers have equal shares. */
  async expectShares(when: string): Promise<void> {
    await sleep(SECOND_MS)
    await Promise.all(this.#clients.map((client) => this.#expectSharesOf(client, when)))
  }

  async #expectSharesOf({ name, log }: FleetClient, when: string): Promise<void> {
    const startedAtMs = performance.now()
    let shares: readonly number[]
    let others: number
    let tookMs: number
    do {
      const seenBefore = log.attempts.length
      await sleep(WINDOW_MS)
      const peers = log.attempts.slice(seenBefore).map(({ peer }) => peer)
      shares = this.#fleet.serving.map(({ address }) => peers.filter((peer) => peer === address).length)
      others = peers.length - sumOf(shares)
      tookMs = performance.now() - startedAtMs
    } while (others === 0 && !areEqual(shares) && tookMs < SHARES_LIMIT_MS)
    const seen = `${shares.join(' ')}, ${others} elsewhere, after ${Math.round(tookMs)} ms`
    this.verdicts.expect(`equal shares ${when}, ${name}`, others === 0 && areEqual(shares), seen)
  }

  /** The load is over. */
  #judge({ name, retry, log, load, transport }: FleetClient): void {
    const failures = log.calls.filter(({ outcome }) => outcome !== 'OK').length
    const unexcused = unexcusedFailures(log.calls, this.#losses, retry)
    const example = unexcused.length === 0 ? '' : `, as ${JSON.stringify(unexcused[0])}`
    const seen = `${unexcused.length} of ${failures} failures${example}`
    this.verdicts.expect(`no call fails that need not, ${name}`, unexcused.length === 0, seen)
    const faults = load?.faults ?? []
    this.verdicts.expect(`no wrong answer, ${name}`, faults.length === 0, `${faults.length} ${faults[0] ?? ''}`)
    const { calls, queuedPicks, addresses } = transport.inspect()
    const ended = calls.succeeded + calls.failed
    const haveEnded = calls.started === ended && ended === log.calls.length && queuedPicks === 0
    this.verdicts.expect(`every call has ended, ${name}`, haveEnded, `${ended} of ${calls.started}`)
    const open = addresses.flatMap(({ connections }) => connections.map(({ openStreams }) => openStreams))
    // One is the health check's.
    const areClosed = open.every((count) => count <= 1)
    this.verdicts.expect(`no stream is left open, ${name}`, areClosed, open.join(' '))
  }

  /** The longest time that one of the clients took. */
  async #timesUntil(holds: (ready: readonly string[]) => boolean, limitMs: number): Promise<number> {
    return Math.max(...(await Promise.all(this.#clients.map((client) => client.timeUntil(holds, limitMs)))))
  }
}

function namesOf(members: readonly FleetMember[]): string {
  return members.map(({ name }) => name).join(' and ')
}

function areEqual(shares: readonly number[]): boolean {
  const fair = sumOf(shares) / shares.length
  return fair > 0 && shares.every((share) => Math.abs(share - fair) <= fair * SHARE_TOLERANCE)
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0)
}
